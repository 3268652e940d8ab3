#pragma once

/// \file
/// The in-process way: publishes from the service's own process what it holds in the store. Callers persist and hand
/// over; one thread takes the answers, tells the service, and stores what follows from them.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "core/config.hpp"
#include "relay/broker_line.hpp"
#include "relay/paused_routes.hpp"
#include "relay/route_table.hpp"
#include "store/redis/direct_outbox.hpp"
#include "waybill/sender.h"

namespace waybill::relay {

class DirectSender final : public Sender {
 public:
  /// `store` says which routes are paused; it is asked here, and every second.
  DirectSender(const Config& config, const StoreConfig& outbox, std::unique_ptr<store::Store> store, OnAnswer on_answer,
               LogSink log);
  ~DirectSender() override;

  Result<MessageId> send(const Message& message) override;
  bool stop(std::chrono::milliseconds limit) override;

 private:
  /// A message that the broker has not answered.
  struct Open {
    redis::Held held;
    RouteIndex route = 0;
  };
  struct Line {
    bool up = false;
    bool blocked = false;
    std::string why = "the broker is not connected yet";
    std::string endpoint;
    std::unique_ptr<BrokerLine> publisher;

    bool takes() const { return up && !blocked; }
  };
  using Lock = std::unique_lock<std::mutex>;

  Result<MessageId> persist_and_publish(std::shared_ptr<Message> message, Lock& lock);
  Result<RouteIndex> route_of(const Message& message);
  /// A place in the window, or nullopt: the relay has to send it.
  std::optional<broker::Tag> take_place(const Open& open, Lock& lock);
  void give_back(broker::Tag tag);
  Status hold(const Open& open, const Message& message);
  Result<MessageId> leave_to_relay(const Message& message, std::uint32_t lane, std::string why, Lock& lock);

  void work();
  void take(Event event, Lock& lock);
  void take(const broker::Outcome& outcome, Line& line, Lock& lock);
  redis::Answered meaning_of(const broker::Outcome& outcome, const Open& open, Answer& answer) const;
  void tell(const Answer& answer, Lock& lock);
  void store_answers(Lock& lock);
  void go_on_holding(Lock& lock);
  void learn_pauses(Lock& lock);
  bool all_is_told() const { return calls_ == 0 && open_.empty() && events_.empty() && relayed_.empty(); }
  bool all_is_stored() const { return unstored_.empty() && !storing_; }

  /// One call of send(): while it lasts, the publishers stay.
  class Call;

  const std::string name_;  ///< in which messages are held
  const OnAnswer on_answer_;
  const LogSink log_;
  const std::size_t window_;
  Duration renew_every_;

  std::mutex persisting_;  ///< guards outbox_
  redis::DirectOutbox outbox_;

  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  RouteTable routes_;
  PausedRoutes paused_;
  std::vector<Line> lines_;
  std::map<std::uint64_t, Open> open_;
  std::unordered_set<std::string> open_ids_;
  std::uint64_t last_tag_ = 0;
  std::deque<Event> events_;
  std::deque<Answer> relayed_;  ///< to be told
  std::vector<redis::Answered> unstored_;
  std::size_t calls_ = 0;
  bool storing_ = false;
  bool stopping_ = false;
  bool ended_ = false;

  // The working thread's own.
  redis::DirectOutbox settling_;
  const std::unique_ptr<store::Store> store_;
  std::chrono::steady_clock::time_point renew_at_;
  std::chrono::steady_clock::time_point look_at_;  ///< when to ask again which routes are paused
  std::chrono::steady_clock::time_point store_at_;
  std::thread thread_;
};

}  // namespace waybill::relay
