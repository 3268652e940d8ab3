#pragma once

/// \file
/// Order per key (P4): one message of a sequence is in flight at a time, and a sequence that waits behind a message
/// under retry takes nothing new from the outbox until its backlog there has been drained.

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "relay/tag_queue.hpp"
#include "relay/tracked.hpp"
#include "store/store.hpp"

namespace waybill::relay {

struct ScopeHash {
  std::size_t operator()(const store::Scope& scope) const noexcept;
};

/// The sequences with something to do or to wait for; a sequence that is empty and flows is not kept.
class Sequences {
 public:
  enum class Phase : std::uint8_t {
    flowing,   ///< messages come straight from the outbox
    waiting,   ///< behind a message that is retried or failed
    draining,  ///< that message is gone: the backlog goes out, then it flows again
  };

  /// Whether a fresh message of this scope must stay in the outbox.
  bool must_park(const store::Scope& scope) const;
  Phase phase(const store::Scope& scope) const;

  /// Appends a message; true when nothing of the sequence is under way, so that it may go out at once.
  bool append(const store::Scope& scope, Tag tag);

  /// The message under way is dealt with. Gives the next one that may go out.
  std::optional<Tag> finish(const store::Scope& scope, Tag tag);

  /// The sequence must wait; the store learns it with the settlement of that number. Gives the messages behind the one
  /// under way that are queued in memory, which are not to go out now.
  std::vector<Tag> block(const store::Scope& scope, std::uint64_t settlement);

  /// Whether messages are queued in memory behind the one under way.
  bool has_followers(const store::Scope& scope) const;

  /// Marks a scope as waiting of which nothing is in memory; settlement 0: the store had it so.
  void restore(const store::Scope& scope, std::uint64_t settlement = 0);

  /// Whether what the store said after this settlement already knew of the scope's block. If not, "released" is stale.
  bool is_known_after(const store::Scope& scope, std::uint64_t settlement) const;

  /// The blocking message is gone. True when the backlog has to be fetched now.
  bool start_draining(const store::Scope& scope);

  /// A backlog fetch was issued / answered for the scope.
  void backlog_requested(const store::Scope& scope);
  void backlog_answered(const store::Scope& scope);
  /// A fresh message of the scope was left in the outbox.
  void parked(const store::Scope& scope);
  /// Whether one was since the last backlog fetch was issued, which may not have seen it.
  bool parked_since_request(const store::Scope& scope) const;
  /// Draining, nothing queued and no fetch under way: ask for more.
  bool wants_backlog(const store::Scope& scope) const;
  /// Draining ended with an empty answer: the sequence flows again.
  void release(const store::Scope& scope);

  std::size_t blocked_count() const { return blocked_; }
  void clear();

 private:
  struct Sequence {
    TagQueue queue;                // front: under way when `busy`
    std::uint64_t blocked_by = 0;  // the settlement that tells the store
    Phase phase = Phase::flowing;
    bool busy = false;
    bool backlog_pending = false;
    bool parked_since = false;
  };
  void forget_if_idle(const store::Scope& scope);

  std::unordered_map<store::Scope, Sequence, ScopeHash> sequences_;
  std::size_t blocked_ = 0;  // phase other than flowing
};

}  // namespace waybill::relay
