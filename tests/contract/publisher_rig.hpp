#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker/publisher.hpp"
#include "waybill/consumer.h"

namespace waybill::testing {

/// What the publisher contract suite needs of a broker, so that one suite tests them all. Each rig has a destination of
/// its own and starts empty.
class PublisherRig {
 public:
  virtual ~PublisherRig() = default;

  /// Why the rig can't be used, empty when it can.
  virtual std::string fault() const { return {}; }
  virtual BrokerConfig config() const = 0;
  virtual ConsumerOptions consumer() const = 0;

  virtual broker::Destination good() const = 0;     ///< a queue takes it
  virtual broker::Destination rejecting() = 0;      ///< the broker says no
  virtual broker::Destination missing() const = 0;  ///< no such exchange (Kafka, RocketMQ: topic)
  virtual std::string missing_words() const = 0;    ///< what the broker then says
  /// The exchange is there, no queue is bound. Kafka and RocketMQ have nothing between the topic and the messages: see
  /// missing().
  virtual broker::Destination unroutable() const { return {}; }

  /// What becomes of a message when its queue was deleted.
  virtual broker::OutcomeKind without_queue() const { return broker::OutcomeKind::unroutable; }
  /// Whether the client goes on by itself with what was in flight when its connections were cut, so that nothing is in
  /// doubt and the publisher never goes down.
  virtual bool rides_over_cuts() const { return false; }
  /// How many of `count` messages of one key arrive while the broker's answers do not, at least.
  virtual std::size_t arrives_unanswered(std::size_t count) const { return count; }
  /// Whether the broker knows what it handed out before.
  virtual bool marks_redelivery() const { return true; }

  /// Whether what comes again comes in its order. A group of RocketMQ that is to do so works on one message at a time.
  virtual bool redelivers_in_order() const { return true; }
  /// How long at most until the broker hands out again what was not acknowledged.
  virtual std::chrono::seconds redelivers_within() const { return std::chrono::seconds{10}; }
  /// When nothing has come for that long, all has come that a consumer which ended had not taken.
  virtual std::chrono::seconds lull() const { return std::chrono::seconds{1}; }

  virtual void cut() = 0;                      ///< breaks the connections
  virtual void reachable(bool reachable) = 0;  ///< false: breaks them and makes no new ones
  virtual void hold_confirms(bool hold) = 0;   ///< what the broker answers does not arrive
  virtual void remove_queue() = 0;             ///< of good()
};

using MakeRig = std::unique_ptr<PublisherRig> (*)();
std::unique_ptr<PublisherRig> make_memory_rig();
/// Uses the server of WAYBILL_TEST_RABBITMQ.
std::unique_ptr<PublisherRig> make_rabbitmq_rig();
/// Uses the server of WAYBILL_TEST_KAFKA, by one of WAYBILL_TEST_KAFKA_GATES.
std::unique_ptr<PublisherRig> make_kafka_rig();
/// Uses the server of WAYBILL_TEST_ROCKETMQ and WAYBILL_TEST_ROCKETMQ_BROKER.
std::unique_ptr<PublisherRig> make_rocketmq_rig();

}  // namespace waybill::testing
