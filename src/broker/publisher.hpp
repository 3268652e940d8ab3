#pragma once

/// \file
/// The contract of a publisher: our side of one broker connection. Each folder beside this file is one implementation,
/// registered in `registry.cpp`, and passes `tests/contract/publisher_*` unchanged.
///
/// A publisher owns its threads and its connection, reconnects by itself with backoff and jitter, and reports
/// everything through a PublisherEvents. Every message handed to publish() gets exactly one outcome, whatever happens.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/finding.hpp"
#include "core/time.hpp"
#include "waybill/message.h"
#include "waybill/result.h"

namespace waybill::broker {

/// Chosen by the caller, unique among the messages in flight on one publisher.
struct Tag {
  std::uint64_t value = 0;
  friend auto operator<=>(const Tag&, const Tag&) = default;
};

/// One message on its way. `message` is shared with the engine, which may have to send it again.
struct Outgoing {
  Tag tag;
  std::shared_ptr<const Message> message;
  std::string exchange;  ///< RabbitMQ exchange; the topic for Kafka and RocketMQ
  std::string routing_key;
  std::uint32_t attempt = 1;         ///< travels as header `waybill-attempt`
  Headers attributes{};              ///< of CloudEvents, each gets the wire's own prefix
  std::int64_t persisted_at_ms = 0;  ///< store's wall clock, Unix ms; travels where the id does not tell it; 0: unknown
  Headers layout{};                  ///< the route's own headers, which replace the message's of the same name
};

enum class OutcomeKind {
  confirmed,      ///< the broker has taken responsibility, as strictly as `brokers.md` section 3 says
  rejected,       ///< the broker said no (nack)
  unroutable,     ///< the broker returned it: no queue is bound there
  in_doubt,       ///< it may be in the broker; no answer can come any more
  unsent,         ///< it certainly never left this process
  undeliverable,  ///< it can't be expressed on this wire (header too large, routing key over 255 bytes); never sent
  route_fault,    ///< certainly not taken, because its exchange is missing or refused: no fault of the message
};
std::string_view to_string(OutcomeKind kind) noexcept;

struct Outcome {
  Tag tag;
  OutcomeKind kind = OutcomeKind::in_doubt;
  std::string answer;  ///< the broker's words, verbatim (`312 NO_ROUTE`); empty for confirmed
};

/// Why a connection ended, as far as blame goes.
enum class DownCause {
  unreachable,  ///< could not connect, name resolution, refused, wrong password
  lost,         ///< the socket closed or went silent past the heartbeat
  closed,       ///< the broker closed it in good order (operator, shutdown: AMQP 320)
  protocol,     ///< the broker closed connection or channel because of what we sent (AMQP 5xx, 4xx on the channel)
};

/// Called from the publisher's own thread, never under one of its locks. Must not block and must not call back into the
/// publisher except publish().
class PublisherEvents {
 public:
  virtual ~PublisherEvents() = default;
  /// Connected; publish() is useful now. `endpoint` is host:port, without secrets.
  virtual void on_up(const std::string& endpoint) = 0;
  /// Not connected. All outcomes of messages in flight have been delivered before this. Repeated for each failed try to
  /// connect, with its reason.
  virtual void on_down(DownCause cause, const std::string& reason) = 0;
  /// `connection.blocked` (true) and unblocked: stop handing over messages; what is in flight stays in flight.
  virtual void on_blocked(bool blocked, const std::string& reason) = 0;
  virtual void on_outcomes(std::vector<Outcome> outcomes) = 0;
};

class Publisher {
 public:
  virtual ~Publisher() = default;

  /// Starts connecting. Call once, before publish(). `events` must outlive the publisher.
  virtual void start(PublisherEvents& events) = 0;

  /// Hands over messages, in order. Never blocks; thread-safe. When not connected each gets the outcome `unsent`.
  /// The same message id must not be in flight twice (AMQP's basic.return has no delivery tag).
  virtual void publish(std::vector<Outgoing> messages) = 0;

  /// Ends the connection and the threads. Outcomes still open are delivered as in_doubt or unsent before this returns.
  /// Blocks until then or the deadline, whichever is first.
  virtual void stop(Deadline deadline) = 0;
};

/// Makes the publisher that the URL's scheme names. Opens no connection. Errors: unknown scheme, malformed URL.
Result<std::unique_ptr<Publisher>> open_publisher(const BrokerConfig& config);

/// What the promises rest on, as this broker is set up, for the given destinations. Blocks for a connection.
struct Destination {
  std::string exchange;
  std::string routing_key;
  bool keeps_order = false;  ///< the route has order = "key"
};
Result<std::vector<Finding>> examine_broker(const BrokerConfig& config, std::span<const Destination> destinations);

}  // namespace waybill::broker
