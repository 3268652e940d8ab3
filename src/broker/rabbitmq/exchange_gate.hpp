#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/time.hpp"

namespace waybill::broker::rabbitmq {

/// Which exchanges are known to exist. Publishing to a missing one makes the broker close the channel and forget the
/// confirms of all others in flight, so each exchange is asked for first; a missing one is asked for again with
/// backoff. Lives longer than a connection. Knows no socket and no clock.
class ExchangeGate {
 public:
  enum class Answer {
    open,     ///< publish
    wait,     ///< being asked for: keep the message
    refused,  ///< missing or forbidden for now: words() says why
  };

  Answer enter(const std::string& exchange, MonoTime now);
  const std::string& words(const std::string& exchange) const;

  /// The next exchange to ask the broker for; one at a time, until found() or fault().
  std::optional<std::string> next_question();
  void found(const std::string& exchange);
  /// It is missing or must not be used: it is asked for again after 1 s, doubling to 30 s. The default exchange, which
  /// can't be asked for, is open again then.
  void fault(const std::string& exchange, std::string words, MonoTime now);
  std::size_t remembered() const { return entries_.size(); }

  /// The channel closed: what was known to be there may be gone.
  void doubt();
  /// A new connection: the same, and what was being asked for got no answer.
  void forget();

 private:
  enum class State { unknown, asking, there, faulty };
  struct Entry {
    State state = State::unknown;
    std::string words;
    Duration backoff{0};
    MonoTime retry_at{};
  };

  /// An exchange name made from a message's key can have any number of values.
  static constexpr std::size_t most_entries = 4096;

  Answer enter_default(MonoTime now) const;
  void make_room();

  std::unordered_map<std::string, Entry> entries_;
  std::size_t room_until_ = most_entries;
  std::deque<std::string> questions_;
  std::string last_open_;  ///< most messages go where the one before went
  bool has_last_open_ = false;
};

}  // namespace waybill::broker::rabbitmq
