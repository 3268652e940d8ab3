#pragma once

/// \file
/// Cache first, with a timed sync: applies a journal in Redis to an SQL database, each entry exactly once and in order.
///
/// Effects and position are written in one SQL transaction, so a crash at any moment leaves both or neither; only then
/// is the journal shortened. An entry that SQL refuses is parked for a person, and so are the later ones of its entity,
/// since they may build on it; all others go on. Several processes may run: the position's row lets one at a time
/// apply.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "sync/database.hpp"
#include "sync/journal.hpp"

namespace waybill::sync {

struct Parked {
  std::string entry, entity, apply, fields, error;  ///< `fields` as a JSON object
  std::int64_t at_ms = 0;
};

struct Mismatch {
  std::string command, redis, sql;
};

struct SyncStatus {
  std::string name;
  std::uint64_t waiting = 0;
  std::int64_t lag_ms = 0;
  std::uint64_t applied = 0;
  std::uint64_t parked = 0;
  std::vector<Mismatch> mismatches;  ///< looked for only when nothing waits
};

/// One sync of the configuration. Each call blocks for the database and for Redis, and connects anew when a connection
/// was lost. Used by one thread at a time.
class Sync {
 public:
  using Log = std::function<void(std::string_view level, std::string_view text)>;

  Sync(const Config& config, const SyncConfig& sync, Log log);

  struct Step {
    std::uint64_t applied = 0;
    std::uint64_t parked = 0;
    bool more = false;
  };
  /// Applies up to `batch` entries in one transaction. After an error the next call begins from what is stored.
  Result<Step> step();

  Result<SyncStatus> status();
  Result<std::vector<Parked>> parked();
  /// Applies parked entries (all, or the one) again, in their order. Gives how many are done.
  Result<std::uint64_t> retry(const std::string& entry);
  /// Forgets parked entries for good. Gives how many.
  Result<std::uint64_t> drop(const std::string& entry);

 private:
  Status connect();
  Status make_tables();
  Status read_position();
  Result<Step> apply(const std::vector<JournalEntry>& entries, bool one_by_one);
  Status apply_one(const JournalEntry& entry, bool one_by_one, Step& step);
  Status park(const JournalEntry& entry, const std::string& error);
  Status take_turn();
  Status lock_position();
  const std::string* statement(const std::string& apply) const;
  template <class Value>
  Result<Value> forget_on_error(Result<Value> result);

  StoreConfig from_, into_;
  SyncConfig sync_;
  Log log_;
  std::optional<Journal> journal_;
  std::unique_ptr<Database> database_;
  redis::EntryId position_;
  std::map<std::string, std::string> waiting_entities_;  ///< entity -> the parked entry it waits for
};

}  // namespace waybill::sync
