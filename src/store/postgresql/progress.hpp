#pragma once

/// \file
/// How far a lane has read the outbox, although transactions commit in another order than they draw numbers.
///
/// The facts it rests on. A transaction gets its number (xid) before it draws from the sequence, and the sequence hands
/// out ascending numbers. So when a row with sequence number M is visible in a snapshot, any row below M that is not
/// visible belongs to a transaction that had begun and was not finished at that snapshot, or was rolled back. And
/// a transaction that began after a snapshot draws only numbers above every row visible in it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/postgresql/snapshot.hpp"
#include "waybill/result.h"

namespace waybill::postgresql {

using Seq = std::int64_t;

/// Transactions that were not finished when rows beyond theirs were read. Their rows up to `bound` do not exist or have
/// been read; those above may still come.
struct Pending {
  XidRange xids;
  Seq bound = 0;
  friend bool operator==(const Pending&, const Pending&) = default;
};

/// Read are: the rows up to `max_seq` that are visible, without those of `pending` above its bounds.
class Progress {
 public:
  /// Entries whose bound is at most that far behind `max_seq` are looked for in every poll; for older ones a look back
  /// would cost more than it is worth before they have finished.
  static constexpr Seq near_distance = 1000;

  Xid next_xid = 0;  ///< every transaction from here on has only rows above max_seq
  Seq max_seq = 0;
  std::vector<Pending> pending;

  /// Whether a visible row has been read.
  bool has_read(Xid xid, Seq seq) const;

  /// The lowest bound a poll has to look back to: max_seq when nothing near is pending.
  Seq look_back() const;
  /// The near entries that can have rows at or below max_seq.
  std::vector<Pending> near_pending() const;
  /// The parts of old entries that are finished in `snapshot`: their rows have to be read before any poll counts.
  std::vector<Pending> finished_far(const Snapshot& snapshot) const;

  /// After a poll in `snapshot` of everything unread up to `through`. `top` is the new max_seq when `through` is beyond
  /// the present one: no visible row between `through` and `top` may exist.
  void read(const Snapshot& snapshot, Seq through, Seq top);
  /// After the rows of `finished` (from finished_far) were read up to `through`.
  void read_far(const std::vector<Pending>& finished, Seq through);

  friend bool operator==(const Progress&, const Progress&) = default;
};

/// `first-last@bound` separated by commas: how pending is stored.
std::string pending_to_text(const std::vector<Pending>& pending);
Result<std::vector<Pending>> pending_from_text(std::string_view text);

}  // namespace waybill::postgresql
