// Bulk acts of operators.

#include "store/retention.hpp"
#include "store/sqlite/store.hpp"

namespace waybill::sqlite {
namespace {

using store::OperationRecord;
using store::OperationResult;

constexpr std::string_view reading = "can't read operations";
constexpr std::string_view storing = "can't store an operation";
constexpr std::int64_t kept_ms = store::days_kept * 86'400'000LL;

/// Few at a time, so that nobody waits long for the file.
Status forget_old(Connection& connection, std::int64_t now) {
  const auto old = "SELECT id FROM waybill_operation WHERE changed_at < " + std::to_string(now - kept_ms) + " LIMIT 10";
  if (auto done = connection.run("DELETE FROM waybill_operation_result WHERE operation IN (" + old + ")", storing);
      !done) {
    return done;
  }
  return connection.run("DELETE FROM waybill_operation WHERE id IN (" + old + ")", storing);
}

Status add_results(Connection& connection, const std::string& id, std::span<const OperationResult> results) {
  auto insert = connection.cached("INSERT INTO waybill_operation_result VALUES (?1, ?2, ?3, ?4)", storing);
  if (!insert) return insert.error();
  for (const auto& one : results) {
    (*insert)->bind(1, std::string_view{id}).bind(2, static_cast<std::int64_t>(one.number));
    (*insert)->bind(3, std::string_view{one.message_id}).bind(4, std::string_view{one.result});
    if (auto done = (*insert)->run(storing); !done) return done;
  }
  return {};
}

}  // namespace

Status SqliteStore::add_operation(const std::string& id, const std::string& document) {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto transaction = Transaction::begin(**open, storing);
  if (!transaction) return transaction.error();
  const auto now = wall_ms();
  if (auto forgotten = forget_old(**open, now); !forgotten) return forgotten;
  auto insert = (*open)->cached("INSERT OR IGNORE INTO waybill_operation VALUES (?1, 1, ?2, ?3, ?3)", storing);
  if (!insert) return insert.error();
  if (auto done =
          (*insert)->bind(1, std::string_view{id}).bind(2, std::string_view{document}).bind(3, now).run(storing);
      !done) {
    return done;
  }
  if ((*open)->changes() == 0) return Error{ErrorCode::busy, "operation " + id + " is there already"};
  return transaction->commit(storing);
}

Result<bool> SqliteStore::change_operation(const std::string& id, std::uint64_t revision, const std::string& document,
                                           std::span<const OperationResult> results) {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto transaction = Transaction::begin(**open, storing);
  if (!transaction) return transaction.error();
  auto update = (*open)->cached(
      "UPDATE waybill_operation SET revision = revision + 1, document = ?3, changed_at = ?4 WHERE id = ?1 AND "
      "revision = ?2",
      storing);
  if (!update) return update.error();
  (*update)->bind(1, std::string_view{id}).bind(2, static_cast<std::int64_t>(revision));
  (*update)->bind(3, std::string_view{document}).bind(4, wall_ms());
  if (auto done = (*update)->run(storing); !done) return done.error();
  if ((*open)->changes() == 0) return false;
  if (auto added = add_results(**open, id, results); !added) return added.error();
  if (auto committed = transaction->commit(storing); !committed) return committed.error();
  return true;
}

Result<std::vector<OperationRecord>> SqliteStore::operations(const store::OperationFilter& filter) {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto rows = (*open)->cached(
      "SELECT id, revision, document, created_at, changed_at FROM waybill_operation WHERE (?1 IS NULL OR id = ?1) AND "
      "(?2 = '' OR id < ?2) ORDER BY id DESC LIMIT ?3",
      reading);
  if (!rows) return rows.error();
  (*rows)->bind(1, filter.id).bind(2, std::string_view{filter.before}).bind(3, static_cast<std::int64_t>(filter.limit));
  std::vector<OperationRecord> found;
  const auto now = wall_ms();
  while (true) {
    auto there = (*rows)->step(reading);
    if (!there) return there.error();
    if (!*there) return found;
    const auto& row = **rows;
    found.push_back(
        {row.text(0), static_cast<std::uint64_t>(row.number(1)), row.text(2), row.number(3), now - row.number(4)});
  }
}

Result<std::vector<OperationResult>> SqliteStore::operation_results(const std::string& id, std::uint64_t after,
                                                                    std::size_t limit) {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto rows = (*open)->cached(
      "SELECT number, message_id, result FROM waybill_operation_result WHERE operation = ?1 AND number > ?2 ORDER BY "
      "number LIMIT ?3",
      reading);
  if (!rows) return rows.error();
  (*rows)->bind(1, std::string_view{id}).bind(2, static_cast<std::int64_t>(after));
  (*rows)->bind(3, static_cast<std::int64_t>(limit));
  std::vector<OperationResult> page;
  while (true) {
    auto there = (*rows)->step(reading);
    if (!there) return there.error();
    if (!*there) return page;
    page.push_back({static_cast<std::uint64_t>((*rows)->number(0)), (*rows)->text(1), (*rows)->text(2)});
  }
}

}  // namespace waybill::sqlite
