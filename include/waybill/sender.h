#pragma once

/// \file
/// The in-process way, for a service whose business data is elsewhere: persists a message in a Redis store, publishes
/// it from the service's own process, and tells the service what the broker said. A relay on the same store (`waybill
/// relay`, or waybill::Relay in this process) is the safety net: what this process can't finish, it sends.
/// Compiles as C++17, 20 and 23. Link `waybill::relay`.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "waybill/message.h"
#include "waybill/relay.h"
#include "waybill/result.h"

namespace waybill {

/// What became of one message.
struct Answer {
  enum class Kind {
    ack,       ///< the broker has it and says so: the message leaves the store
    nack,      ///< the broker refused it, or nothing is bound to where it goes
    in_doubt,  ///< the connection was lost before the answer: the broker may have it or not
    relayed,   ///< it was not published here: no connection, the broker takes nothing now, its route is paused, or it
               ///< is not due yet
  };
  enum class Next {
    nothing,  ///< it has left the store
    relay,    ///< the relay sends it; after a nack or in doubt when `resend_after` has passed, flagged as a re-send
    dropped,  ///< by the route's policy
    failed,   ///< it waits for a person: `waybill failed list`
  };
  MessageId id;
  Kind kind = Kind::ack;
  Next next = Next::nothing;
  std::string text;  ///< the broker's words, or why it was not published here; empty for ack
};
std::string_view to_string(Answer::Kind kind) noexcept;  ///< `ack nack in_doubt relayed`
std::string_view to_string(Answer::Next next) noexcept;  ///< `nothing relay dropped failed`

/// Called once for each message that send() gave an id for, unless this process ends before, from a thread of the
/// sender. It must not block; it may call send().
using OnAnswer = std::function<void(const Answer&)>;

/// Sends from this process. All functions are thread-safe; any number of senders and relays may work on one store.
///
/// While a message is unanswered it is held in the store in this process's name, so that no relay sends it too. That
/// name is renewed; when the process dies or loses its connection to Redis, the relay takes over once `resend_after` of
/// the route has passed, and the consumer may see the message twice.
class Sender {
 public:
  /// Reads the configuration (brokers, routes, `[relay] window`) and starts connecting. `store` names the Redis store.
  /// Blocks for file input and for asking Redis once. Errors: those of the configuration, `invalid_configuration` (no
  /// such store, none of Redis), `missing_schema`, `newer_schema`, `unreachable`, `unauthorized`.
  static Result<std::unique_ptr<Sender>> open(const std::string& config_file, const std::string& store,
                                              OnAnswer on_answer, LogSink log = {});

  virtual ~Sender() = default;  ///< as stop() with no time: what is unanswered is left to the relay

  /// Persists the message, then hands it to the broker and returns its id, made (UUIDv7) when empty. Blocks for a round
  /// trip to Redis, and while `[relay] window` messages are unanswered.
  ///
  /// Errors: `invalid_argument` (as for redis::send(), or a message with this id is unanswered), `not_found` (no route
  /// has this topic), `unsupported` (the route has `order = "key"`: only a relay can keep an order, so use
  /// redis::send()), `missing_schema`, `disk_full`, `read_only`, `unauthorized`, `unreachable`, `refused` (after
  /// stop()): not persisted; `in_doubt`: the answer of Redis was lost; if it has the message, the relay sends it.
  virtual Result<MessageId> send(const Message& message) = 0;

  /// Takes no more, and waits up to `limit` for open answers; what is unanswered then is told as in_doubt. True when
  /// every answer has come and is stored.
  virtual bool stop(std::chrono::milliseconds limit) = 0;
};

}  // namespace waybill
