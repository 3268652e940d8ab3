#pragma once

/// \file
/// Messages that a service publishes itself, with the relay as its safety net: each is a row of its lane that the
/// service holds until the broker has answered. What is held for too long, because the service died or lost its
/// connection, the relay sends as if it were a retry.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/time.hpp"
#include "store/redis/lane_connections.hpp"
#include "waybill/message.h"

namespace waybill::redis {

/// A message in the lane where it is held.
struct Held {
  std::uint32_t lane = 0;
  MessageId id;
};

/// What became of a held message.
struct Answered {
  enum class State {
    confirmed,  ///< leaves the store
    dropped,    ///< leaves the store, and its history says why
    failed,     ///< waits for a person
    sending,    ///< the relay sends it, after `wait`
  };
  Held held;
  State state = State::confirmed;
  std::uint32_t attempts = 1;  ///< publications that may have reached the broker
  std::uint32_t tries = 0;     ///< counted tries without an ack
  Duration wait{0};
  std::string reason, answer, endpoint;
};

/// Used by one thread at a time. After an error the connection is opened anew with the next call.
class DirectOutbox {
 public:
  /// `sender` names the holder, as nobody else may be named; `who` is for people. Opens no connection.
  DirectOutbox(StoreConfig store, std::string sender, std::string who)
      : store_(std::move(store)), sender_(std::move(sender)), who_(std::move(who)), connections_(store_) {}

  std::uint32_t lane_of(const Message& message) const;

  /// Persists a message, with its id, as held for that long. Errors: `invalid_argument` (a message with this id waits
  /// already), `missing_schema`, `disk_full`, `read_only`, `unreachable`: not persisted; `in_doubt`: perhaps, and then
  /// the relay sends it.
  Status hold(std::uint32_t lane, const Message& message, const std::string& route, Duration how_long);
  /// Persists a message for the relay. Errors as hold().
  Status leave(std::uint32_t lane, const Message& message);
  /// Goes on holding messages.
  Status hold_on(std::span<const Held> messages, Duration how_long);
  /// Stores what became of them. Those that are not held any more are left to whoever has them.
  Status answered(std::span<const Answered> messages);

 private:
  Status run(std::uint32_t lane, const Command& command, std::string_view doing);
  Status persist(std::uint32_t lane, const Command& command);

  StoreConfig store_;
  std::string sender_, who_;
  LaneConnections connections_;
};

}  // namespace waybill::redis
