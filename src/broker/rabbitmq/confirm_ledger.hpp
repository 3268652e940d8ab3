#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/publisher.hpp"

namespace waybill::broker::rabbitmq {

/// What is in flight on one channel, by delivery tag (1, 2, 3 ... as the broker counts publishes). Every message that
/// goes in comes out with exactly one outcome.
class ConfirmLedger {
 public:
  /// A message that is now being written; `starts_at` is its first byte's position in the stream, `ends_at` the one
  /// after its last.
  void add(Outgoing message, std::uint64_t starts_at, std::uint64_t ends_at);

  /// `basic.ack` or `basic.nack`. With `multiple`, everything outstanding up to the tag; what was settled before stays
  /// as it is. `left` is the position up to which the stream has left this process. False: the broker broke the
  /// protocol (tag 0, a tag never used, an answer to nothing outstanding or to what it can't have); nothing was
  /// changed, and whatever is in flight can no longer be trusted to this connection.
  bool settle(std::uint64_t delivery_tag, bool multiple, OutcomeKind kind, std::uint64_t left,
              std::vector<Outcome>& outcomes);

  /// `basic.return` carries no delivery tag: the oldest message with that id and destination is the one. Its outcome
  /// follows with the ack that the broker still sends. False: nothing that has left fits.
  bool returned(std::string_view id, std::string_view exchange, std::string_view routing_key, std::string answer,
                std::uint64_t left);

  /// The exchange that the broker's words name, if anything without an outcome goes there.
  std::optional<std::string> exchange_named_in(std::string_view words) const;

  /// The broker closes the channel with words that refuse a topic of an exchange. Where exactly one message without an
  /// outcome is meant, it is certain that the broker did not take that one: it gets the outcome `undeliverable`. False:
  /// none or several, which no one can tell apart.
  bool refuse_topic(std::string_view words, std::string answer, std::vector<Outcome>& outcomes);

  /// The channel or connection is gone: what had begun to leave before `left` is in doubt (or known to be returned),
  /// the rest certainly was not sent.
  void abandon(std::uint64_t left, const std::string& reason, std::vector<Outcome>& outcomes);

  bool empty() const { return entries_.empty(); }
  std::uint64_t last_tag() const { return first_tag_ + entries_.size() - 1; }

 private:
  struct Entry {
    Outgoing message;
    std::uint64_t starts_at = 0;
    std::uint64_t ends_at = 0;
    bool settled = false;
    bool is_returned = false;
    std::string answer;
  };
  static Outcome outcome_of(Entry& entry, OutcomeKind kind);
  bool settle_one(std::uint64_t delivery_tag, OutcomeKind kind, std::vector<Outcome>& outcomes);
  void drop_settled();

  std::deque<Entry> entries_;    ///< the front is never settled
  std::uint64_t first_tag_ = 1;  ///< of the front
};

}  // namespace waybill::broker::rabbitmq
