#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/kafka/handles.hpp"
#include "broker/kafka/report.hpp"
#include "broker/publisher.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::broker::kafka {

/// One idempotent producer of librdkafka: what it was given, and what it says. It belongs to one thread; the library's
/// own threads stay behind it.
class Producer {
 public:
  /// Called with a message and the last word about it.
  using OnReport = std::function<void(Outgoing, Report)>;

  /// `wake_fd` becomes readable (an eventfd is counted up) when there is something to poll.
  static Result<std::unique_ptr<Producer>> create(SettingsHandle settings, int wake_fd);

  enum class Taken { yes, full, no };
  struct Answer {
    Taken taken = Taken::yes;
    Report report;  ///< for `no`: what is wrong with the message, its topic or this producer
  };
  /// Takes the message (moved from) unless the local queue is full or it can't be sent at all. Never blocks.
  Answer produce(Outgoing& outgoing);

  /// Hands over all reports that are there. Never blocks.
  void poll(const OnReport& on_report);

  /// Whether some broker answers within `limit`; blocks for at most that.
  bool reaches_a_broker(Duration limit);

  /// Gives up what is left: each message gets its report, those that never answer `in_doubt`. Blocks until then, at
  /// most until the deadline.
  void give_up(Deadline deadline, const OnReport& on_report);

  std::size_t in_flight() const { return in_flight_.size(); }
  /// Why it can send nothing any more, if so: a new producer must take over.
  const std::string& fatal() const { return fatal_; }
  /// True once after the library found that no broker can be reached.
  bool take_all_down() { return std::exchange(all_down_, false); }
  /// What the library last complained about: `_TRANSPORT: host:port: Connection refused`.
  const std::string& complaint() const { return complaint_; }

 private:
  struct InFlight {
    Outgoing outgoing;
    std::list<InFlight>::iterator self;
  };

  Producer(ClientHandle client, int wake_fd);
  void take_event(rd_kafka_event_t& event, const OnReport& on_report);
  void take_error(rd_kafka_event_t& event);
  void report(InFlight& message, Report report, const OnReport& on_report);

  std::list<InFlight> in_flight_;  // before the client: its end may look at them
  ClientHandle client_;
  QueueHandle queue_;
  std::string fatal_;
  std::string complaint_;
  bool all_down_ = false;
};

}  // namespace waybill::broker::kafka
