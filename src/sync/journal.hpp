#pragma once

/// \file
/// The journal in Redis: a stream of entries, each one change to be applied to SQL.

#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "store/redis/connection.hpp"
#include "store/redis/entry_id.hpp"
#include "sync/database.hpp"

namespace waybill::sync {

struct JournalEntry {
  redis::EntryId id;
  std::string apply;   ///< which statement
  std::string entity;  ///< whose entries must be applied in order; empty: nobody's
  Fields fields;       ///< the others
};

class Journal {
 public:
  /// Connects to the server that has the journal. It need not be there yet.
  static Result<Journal> open(const StoreConfig& store, const std::string& key);

  /// Entries after this one, at most so many.
  Result<std::vector<JournalEntry>> after(redis::EntryId position, std::uint32_t most);
  /// Removes what has been applied, up to and with this entry.
  Status forget(redis::EntryId position);
  /// When the server has lost entries that were applied already (a failover, a crash without fsync), its next ids could
  /// lie behind the position and be passed over: moves them past it. Gives the last id that the server had, or nullopt
  /// when nothing is lost.
  Result<std::optional<redis::EntryId>> catch_up(redis::EntryId position);

  struct Backlog {
    std::uint64_t waiting = 0;
    std::int64_t lag_ms = 0;  ///< age of the oldest that waits
  };
  Result<Backlog> backlog(redis::EntryId position);
  /// The one value that a command reads; nullopt: there is none.
  Result<std::optional<std::string>> read(const std::string& command);

  bool is_lost() const { return connection_.is_lost(); }

 private:
  Journal(redis::Connection connection, std::string key) : connection_(std::move(connection)), key_(std::move(key)) {}

  redis::Connection connection_;
  std::string key_;
};

}  // namespace waybill::sync
