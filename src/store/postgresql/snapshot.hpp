#pragma once

/// \file
/// What a PostgreSQL snapshot says about transactions.

#include <cstdint>
#include <string_view>
#include <vector>

#include "waybill/result.h"

namespace waybill::postgresql {

using Xid = std::uint64_t;  ///< an xid8: never wraps

/// Transactions from `first` to `last`, both included.
struct XidRange {
  Xid first = 0;
  Xid last = 0;
  friend bool operator==(const XidRange&, const XidRange&) = default;
};

/// A snapshot (`pg_current_snapshot()`) with the next free transaction number, read just after it was taken.
struct Snapshot {
  Xid xmax = 0;              ///< no transaction from here on is finished
  Xid next = 0;              ///< no transaction from here on had begun; at least xmax
  std::vector<Xid> running;  ///< those below xmax that were not finished, ascending

  bool finished(Xid xid) const;
  /// All that had begun and not finished, as ascending ranges that do not touch.
  std::vector<XidRange> unfinished() const;
};

/// `snapshot` is the text of a pg_snapshot, `age_of_3` is `age('3'::xid)`: the distance from the first normal 32-bit
/// transaction number to the next one, which is how it can be read without using one up.
Result<Snapshot> parse_snapshot(std::string_view snapshot, std::string_view age_of_3);

}  // namespace waybill::postgresql
