#pragma once

/// \file
/// Receives messages from a broker. Compiles as C++17, 20 and 23.
///
/// Threads: receive(), ack() and the others of one Consumer belong to one thread; stop() may be called from any thread
/// and from a signal-handling thread. Open one Consumer per worker.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "waybill/message.h"
#include "waybill/result.h"

namespace waybill {

/// How to consume.
struct ConsumerOptions {
  std::string url;  ///< `amqp://user:password@host:port/vhost`, `kafka://host:port,host:port`, `rocketmq://host:port`;
                    ///< `amqps://`, `kafkas://`, `rocketmqs://`
  std::string queue;  ///< RabbitMQ's queue, topic of Kafka or RocketMQ; must exist
  std::string group;  ///< Kafka, RocketMQ (where it must exist): its consumers share the topic; not used by RabbitMQ
  std::uint16_t prefetch = 100;              ///< unacknowledged deliveries that may be outstanding here (1..65535)
  std::string ca_file, cert_file, key_file;  ///< PEM, for `amqps://`, `kafkas://`, `rocketmqs://`
  bool insecure = false;                     ///< skips the certificate check
  /// Kafka: settings of librdkafka, such as `sasl.mechanisms`. Those that would break a promise are refused.
  std::vector<std::pair<std::string, std::string>> properties;
};

/// One delivery. Valid until it is acknowledged or the connection is lost.
struct Delivery {
  Message message;  ///< id, key, headers and payload as they were sent; topic from header `waybill-topic`, else the
                    ///< routing key (Kafka, RocketMQ: the topic there)
  std::uint32_t attempt = 1;         ///< header `waybill-attempt`: > 1 means the broker may have seen it before
  bool redelivered = false;          ///< the broker says that it handed it out before (Kafka doesn't know: only what
                                     ///< this consumer rejected to have it again)
  std::int64_t persisted_at_ms = 0;  ///< when the service stored it (Unix ms), 0 when unknown
  std::uint64_t tag = 0;             ///< for ack(); private to the consumer
  std::uint64_t session = 0;         ///< the connection it came on; an ack for another one is ignored
};

/// A queue's consumer with manual acknowledgement: acknowledge after your transaction has committed.
///
/// Kafka remembers one number for each partition: a delivery that is not answered holds back all that were acknowledged
/// after it. A new group begins with the oldest record. Acknowledgements are committed together, at the latest at the
/// first receive() 0.2 s later and when the consumer ends; what a crash leaves uncommitted comes again. When the group
/// changes, deliveries not yet acknowledged go to whoever has their partition then. The end of a consumer takes up to 3
/// s while the broker is away, and what could not be committed by then comes again.
///
/// RocketMQ hands out again what was not acknowledged by a consumer that is gone, and what was rejected, after a second
/// and more, in no order, and moves it to the group's dead letters after the group's number of attempts. What is worked
/// on for long is kept from others meanwhile. A new group begins with the oldest message only while a broker still has
/// that in its memory, else with the newest. The end of a consumer takes up to 5 s: until the poll under way has ended.
class Consumer {
 public:
  virtual ~Consumer() = default;

  /// The next delivery; nullopt when `wait` passed without one or after stop(). Blocks at most `wait`, or up to 5 s
  /// while a connection is being made. A lost connection is re-established inside (backoff 0.1 s to 5 s with jitter)
  /// and is no error: unacknowledged deliveries come again. Call it at least every 60 s, or the broker takes the
  /// connection for dead and hands the unacknowledged deliveries to others (Kafka: `max.poll.interval.ms`, 5 min).
  /// Errors: `unauthorized`, `not_found` (no such queue) — both also transient for a caller that wants to go on trying.
  virtual Result<std::optional<Delivery>> receive(std::chrono::milliseconds wait) = 0;

  /// The effect is committed: the broker may forget the message. Never blocks for an answer. When the connection it
  /// came on is gone nothing happens: the message will come again, and the guard of the inbox makes it harmless.
  virtual void ack(const Delivery& delivery) = 0;

  /// The effect failed: the broker hands it out again (`requeue`) or drops or dead-letters it.
  virtual void reject(const Delivery& delivery, bool requeue) = 0;

  /// Wakes receive(), which then returns nullopt from now on.
  virtual void stop() = 0;
};

/// Opens a consumer; no connection is made before receive(). Errors: malformed URL, unsupported scheme, bad options.
Result<std::unique_ptr<Consumer>> open_consumer(const ConsumerOptions& options);

}  // namespace waybill
