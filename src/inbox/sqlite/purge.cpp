#include <sqlite3.h>

#include <string>

#include "core/glob.hpp"
#include "inbox/sqlite/statement.hpp"
#include "waybill/inbox_sqlite.h"

namespace waybill::sqlite {
namespace {

using inbox::sqlite::execute;
using inbox::sqlite::Statement;
constexpr const char* doing = "can't purge waybill_inbox";

// Marks are in the order of their time, so everything before the first young one is old. Found once per batch.
constexpr const char* choose =
    "CREATE TEMP TABLE waybill_purged AS SELECT seq FROM waybill_inbox WHERE consumer GLOB ?1 AND marked_ms < ?2 AND "
    "seq < coalesce((SELECT seq FROM waybill_inbox WHERE marked_ms >= ?2 ORDER BY seq LIMIT 1), 9223372036854775807) "
    "ORDER BY seq LIMIT ?3";
constexpr const char* bound =
    "INSERT INTO waybill_inbox_bound (consumer, before_ms) SELECT consumer, max(coalesce(message_ms, marked_ms)) "
    "FROM waybill_inbox WHERE seq IN (SELECT seq FROM temp.waybill_purged) GROUP BY consumer "
    "ON CONFLICT (consumer) DO UPDATE SET before_ms = max(before_ms, excluded.before_ms)";
constexpr const char* remove = "DELETE FROM waybill_inbox WHERE seq IN (SELECT seq FROM temp.waybill_purged)";

struct Purge {
  std::string pattern;
  std::int64_t before_ms = 0;
  std::uint32_t batch = 0;
};

Result<std::uint64_t> purge_batch(sqlite3* connection, const Purge& purge) {
  if (auto old = execute(connection, "DROP TABLE IF EXISTS temp.waybill_purged", doing); !old) {
    return std::move(old).error();
  }
  Statement chosen(connection, choose, doing);
  auto done = chosen.bind(purge.pattern).bind(purge.before_ms).bind(std::int64_t{purge.batch}).step();
  if (!done) return std::move(done).error();
  if (auto moved = execute(connection, bound, doing); !moved) return std::move(moved).error();
  if (auto removed = execute(connection, remove, doing); !removed) return std::move(removed).error();
  const auto gone = static_cast<std::uint64_t>(sqlite3_changes64(connection));
  if (auto dropped = execute(connection, "DROP TABLE temp.waybill_purged", doing); !dropped) {
    return std::move(dropped).error();
  }
  return gone;
}

}  // namespace

Result<std::uint64_t> purge(sqlite3* connection, const std::string& consumer_glob, std::int64_t retention_seconds,
                            std::uint32_t batch) {
  if (retention_seconds < 0) return Error{ErrorCode::invalid_argument, "purge: a retention can't be negative"};
  if (sqlite3_get_autocommit(connection) == 0) {
    return Error{ErrorCode::refused, "purge: a transaction is open on this connection; end it first"};
  }
  const Purge purge{glob_to_sqlite(consumer_glob), inbox::sqlite::now_ms() - retention_seconds * 1000, batch};
  if (auto begun = execute(connection, "BEGIN IMMEDIATE", doing); !begun) return std::move(begun).error();
  auto gone = purge_batch(connection, purge);
  if (gone) {
    auto committed = execute(connection, "COMMIT", doing);
    if (committed) return gone;
    gone = std::move(committed).error();
  }
  sqlite3_exec(connection, "ROLLBACK", nullptr, nullptr, nullptr);
  return gone;
}

}  // namespace waybill::sqlite
