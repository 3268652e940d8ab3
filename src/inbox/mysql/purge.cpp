#include <string>

#include "inbox/mysql/statement.hpp"
#include "waybill/inbox_mysql.h"

namespace waybill::mysql {
namespace {

using inbox::mysql::query;
using inbox::mysql::run;
constexpr std::string_view doing = "can't purge waybill_inbox";

/// The newest of the oldest marks, so many at most: all up to it go.
struct Batch {
  std::uint64_t count = 0;
  std::int64_t last = 0;
};

Result<Batch> choose(st_mysql* connection, const std::string& pattern, std::int64_t before_ms, std::uint32_t size) {
  auto rows =
      query(connection,
            "SELECT COUNT(*), MAX(seq) FROM (SELECT seq FROM waybill_inbox WHERE marked_ms < ? AND consumer LIKE ? "
            "ESCAPE '|' ORDER BY seq LIMIT " +
                std::to_string(size) + ") AS old",
            {before_ms, pattern}, doing);
  if (!rows) return rows.error();
  return Batch{static_cast<std::uint64_t>(rows->number(0).value_or(0)), rows->number(1).value_or(0)};
}

// The bound first: who marks one of them again meanwhile waits for this transaction, and then sees it.
Status remove(st_mysql* connection, const std::string& pattern, std::int64_t before_ms, const Batch& batch) {
  const Values chosen{before_ms, pattern, batch.last};
  auto moved =
      run(connection,
          "INSERT INTO waybill_inbox_bound (consumer, before_ms) SELECT consumer, MAX(IFNULL(message_ms, "
          "marked_ms)) AS newest FROM waybill_inbox WHERE marked_ms < ? AND consumer LIKE ? ESCAPE '|' AND seq <= ? "
          "GROUP BY consumer ON DUPLICATE KEY UPDATE before_ms = GREATEST(before_ms, VALUES(before_ms))",
          chosen, doing);
  if (!moved) return moved.error();
  auto gone =
      run(connection, "DELETE FROM waybill_inbox WHERE marked_ms < ? AND consumer LIKE ? ESCAPE '|' AND seq <= ?",
          chosen, doing);
  return gone ? Status{} : Status{gone.error()};
}

}  // namespace

Result<std::uint64_t> purge(st_mysql* connection, const std::string& consumer_glob, std::int64_t retention_seconds,
                            std::uint32_t batch) {
  if (retention_seconds < 0) return Error{ErrorCode::invalid_argument, "purge: a retention can't be negative"};
  if (connection == nullptr) return Error{ErrorCode::invalid_argument, "purge: the connection is null"};
  if ((connection->server_status & SERVER_STATUS_IN_TRANS) != 0) {
    return Error{ErrorCode::refused, "purge: a transaction is open on this connection; end it first"};
  }
  const auto pattern = inbox::mysql::glob_to_like(consumer_glob);
  const auto before_ms = inbox::mysql::now_ms() - retention_seconds * 1000;
  if (auto begun = run(connection, "START TRANSACTION", {}, doing); !begun) return begun.error();
  auto chosen = choose(connection, pattern, before_ms, batch);
  Status done = chosen ? Status{} : Status{chosen.error()};
  if (done && chosen->count > 0) done = remove(connection, pattern, before_ms, *chosen);
  if (done) {
    auto committed = run(connection, "COMMIT", {}, doing);
    if (committed) return chosen->count;
    done = committed.error();
  }
  (void)run(connection, "ROLLBACK", {}, doing);
  return done.error();
}

}  // namespace waybill::mysql
