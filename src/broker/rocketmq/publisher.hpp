#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/publisher.hpp"
#include "broker/publisher_thread.hpp"
#include "broker/rocketmq/hold.hpp"
#include "broker/rocketmq/link.hpp"
#include "broker/rocketmq/parcel.hpp"
#include "broker/rocketmq/reply.hpp"
#include "broker/rocketmq/settings.hpp"
#include "broker/rocketmq/topic_route.hpp"

namespace waybill::broker::rocketmq {

/// A publisher to RocketMQ, by the gRPC protocol of its proxies: one thread, to which gRPC's threads bring the answers.
///
/// It is up while some proxy answers. Each topic's route says which proxies lead to its queues, and is asked for again
/// every 20 s. Messages without an order go in batches to whichever proxy serves; those of a message group go one after
/// the other to the one that has the group's queue, and wait while it is away.
class RocketMqPublisher final : public Publisher {
 public:
  /// The configuration is checked by open().
  static Result<std::unique_ptr<Publisher>> open(const BrokerConfig& config);
  ~RocketMqPublisher() override;

  void start(PublisherEvents& events) override;
  void publish(std::vector<Outgoing> messages) override;
  void stop(Deadline deadline) override;

 private:
  /// One proxy, and what is under way by it.
  struct Proxy {
    Proxy(const Settings& settings, const Identity& identity, const Address& address, Calls& calls)
        : link(settings, identity, address, calls) {}
    bool usable() const { return link.up() && hold.empty(); }
    Link link;
    Hold hold;
    std::size_t sends = 0;         ///< calls with messages
    std::uint64_t times_down = 0;  ///< that what was held here has heard of
  };
  struct TopicState {
    std::optional<TopicRoute> route;
    std::deque<Outgoing> waiting;
    bool asking = false;
    MonoTime asked_at{}, used_at{};
    std::size_t next = 0;  ///< queue, in turn
  };

  explicit RocketMqPublisher(Settings settings);

  // All below runs on the thread.
  void run();
  void look();
  void take_loss(Proxy& proxy);
  bool is_calm() const;
  void come_up_or_go_down();
  void go_down();
  void give_up();

  void take_left();
  static bool is_in_use(const TopicState& topic);
  void pump(const std::string& name, TopicState& topic);
  /// Each takes the message unless it has to wait: for its turn, or for a proxy.
  bool send_in_line(const std::string& name, TopicState& topic, Outgoing& outgoing);
  bool send_in_turn(TopicState& topic, Outgoing& outgoing, std::vector<Parcel>& batch);
  void send_or_keep(TopicState& topic, std::vector<Parcel> batch);
  void ask_route(const std::string& name, TopicState& topic);
  void take_route(const std::string& name, const grpc::Status& status, const v2::QueryRouteResponse& response);
  void refuse_topic(TopicState& topic, OutcomeKind kind, const std::string& words);

  Proxy& proxy_at(const Address& address);
  Proxy* any_up();
  static bool takes_more(const Proxy& proxy);
  bool has_room(const TopicState& topic);
  /// Where a message of no order goes next; null while there is no room.
  Proxy* next_of(TopicState& topic);

  enum class Purpose { delivery, trial };
  void send(Proxy& proxy, std::vector<Parcel> parcels, Purpose purpose = Purpose::delivery);
  void take_reply(Proxy& proxy, std::vector<Parcel> parcels, Purpose purpose, const Reply& reply);
  void try_again_where_it_is_time();
  void keep_the_engine_informed();

  void answer(Parcel& parcel, OutcomeKind kind, std::string words);
  void answer(const Outgoing& outgoing, OutcomeKind kind, std::string words);
  void deliver();

  const Settings settings_;
  const Identity identity_;
  PublisherEvents* events_ = nullptr;  ///< set before the thread starts
  PublisherThread thread_;
  std::map<Address, std::unique_ptr<Proxy>> proxies_;
  std::map<std::string, TopicState> topics_;
  std::set<std::string> lines_under_way_;
  std::vector<Outcome> outcomes_;
  std::size_t sends_ = 0;         ///< calls with messages, to all proxies
  bool up_ = false;               ///< as the engine was told
  std::string blocked_for_;       ///< what the engine was told; empty: not blocked
  std::uint64_t failures_ = 0;    ///< of the proxies, that the engine was told
  std::unique_ptr<Calls> calls_;  ///< last: its end waits for what is under way
};

}  // namespace waybill::broker::rocketmq
