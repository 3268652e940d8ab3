#pragma once

/// \file
/// What people and tools see of the inbox: which consumers have marked how much, what is kept since when, and the
/// conflicts. Not for consumers: these use `waybill/inbox_*.h`.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "waybill/result.h"

namespace waybill::inbox {

/// One consumer's marks. Times are Unix ms by the database's clock.
struct ConsumerMarks {
  std::string consumer;
  std::uint64_t marks = 0;
  bool is_estimate = false;                    ///< PostgreSQL: from the planner's statistics when there are very many
  std::optional<std::int64_t> oldest_kept_ms;  ///< when the oldest mark was made
  std::optional<std::int64_t> bound_ms;        ///< messages not younger than this are `expired` without a mark
  std::uint64_t conflicts = 0;
};

/// Same unique ID and fingerprint, other content.
struct Conflict {
  std::uint64_t seq = 0;  ///< for paging
  std::string consumer, unique_id, fingerprint;
  std::string kept_digest, kept_message_id;
  std::int64_t kept_ms = 0;
  std::string digest, message_id;  ///< of the refused message
  std::int64_t found_ms = 0;
};

struct ConflictFilter {
  std::string consumer = "*";  ///< glob
  std::uint64_t after = 0;     ///< only conflicts with a greater seq
  std::size_t limit = 100;
};

/// One mark, for comparing what was consumed with what was sent.
struct Consumed {
  std::string message_id;  ///< empty when the consumer did not give it
  std::string unique_id, fingerprint;
  std::int64_t marked_ms = 0;
};

/// One store's inbox. Opens its connection with the first call and keeps it. Each call blocks for its query. Used by
/// one thread at a time. Errors: `unreachable`, `unauthorized`, `missing_schema` (says `waybill migrate`), `busy`.
class Inspection {
 public:
  virtual ~Inspection() = default;

  /// All consumers with marks, conflicts or a bound, in the order of their names.
  virtual Result<std::vector<ConsumerMarks>> consumers() = 0;
  /// A page of conflicts, oldest first.
  virtual Result<std::vector<Conflict>> conflicts(const ConflictFilter& filter) = 0;
  /// Hands out every mark of the consumers that match the glob, made at or after `since_ms`, in no order; rows are
  /// streamed, so memory stays bounded. Gives how many there were. Stops when `each` answers false.
  virtual Result<std::uint64_t> consumed(const std::string& consumer_glob, std::int64_t since_ms,
                                         const std::function<bool(const Consumed&)>& each) = 0;
  /// Lets go of marks older than the retention, see purge() in `waybill/inbox_*.h`. Gives how many are gone. SQLite:
  /// runs batch after batch; `progress` is told the sum after each and stops it by answering false.
  virtual Result<std::uint64_t> purge(const std::string& consumer_glob, std::int64_t retention_seconds,
                                      const std::function<bool(std::uint64_t gone)>& progress = {}) = 0;
};

/// The inbox beside the outbox of a store. Opens no connection. `unsupported`: this kind of store has no inbox.
Result<std::unique_ptr<Inspection>> open_inspection(const StoreConfig& store);

}  // namespace waybill::inbox
