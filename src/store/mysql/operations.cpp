// Bulk acts of operators.

#include "store/mysql/store.hpp"
#include "store/retention.hpp"

namespace waybill::mysql {
namespace {

using store::OperationRecord;
using store::OperationResult;

constexpr std::string_view reading = "can't read operations";
constexpr std::string_view storing = "can't store an operation";
constexpr std::int64_t kept_ms = store::days_kept * 86'400'000LL;

/// Results first: what remains of an operation when this is cut short is found again.
Status forget_old(Connection& connection) {
  const auto before = wall_ms() - kept_ms;
  auto done = connection.run(
      "DELETE r FROM waybill_operation_result AS r JOIN waybill_operation AS o ON o.id = r.operation WHERE "
      "o.changed_at "
      "< ?",
      {before}, storing);
  return done ? connection.run("DELETE FROM waybill_operation WHERE changed_at < ?", {before}, storing) : done;
}

Status add_results(Connection& connection, const std::string& id, std::span<const OperationResult> results) {
  if (results.empty()) return {};
  std::string sql = "INSERT INTO waybill_operation_result VALUES ";
  Values values;
  for (const auto& one : results) {
    sql += values.empty() ? "(?, ?, ?, ?)" : ", (?, ?, ?, ?)";
    values.insert(values.end(),
                  {Value{id}, Value{static_cast<std::int64_t>(one.number)}, Value{one.message_id}, Value{one.result}});
  }
  return connection.run(sql, values, storing);
}

}  // namespace

Status MysqlStore::add_operation(const std::string& id, const std::string& document) {
  auto added = with_connection<bool>([&](Connection& connection) -> Result<bool> {
    if (auto forgotten = forget_old(connection); !forgotten) return forgotten.error();
    const auto now = wall_ms();
    auto inserted = connection.run("INSERT IGNORE INTO waybill_operation VALUES (?, 1, ?, ?, ?)",
                                   {id, document, now, now}, storing);
    if (!inserted) return inserted.error();
    return connection.changes() > 0;
  });
  if (!added) return added.error();
  return *added ? Status{} : Status{Error{ErrorCode::busy, "operation " + id + " is there already"}};
}

Result<bool> MysqlStore::change_operation(const std::string& id, std::uint64_t revision, const std::string& document,
                                          std::span<const OperationResult> results) {
  return with_connection<bool>([&](Connection& connection) -> Result<bool> {
    auto transaction = Transaction::begin(connection, storing);
    if (!transaction) return transaction.error();
    auto updated = connection.run(
        "UPDATE waybill_operation SET revision = revision + 1, document = ?, changed_at = ? WHERE id = ? AND revision "
        "= ?",
        {document, wall_ms(), id, static_cast<std::int64_t>(revision)}, storing);
    if (!updated) return updated.error();
    if (connection.changes() == 0) return false;
    if (auto added = add_results(connection, id, results); !added) return added.error();
    if (auto committed = transaction->commit(storing); !committed) return committed.error();
    return true;
  });
}

Result<std::vector<OperationRecord>> MysqlStore::operations(const store::OperationFilter& filter) {
  return with_connection<std::vector<OperationRecord>>(
      [&](Connection& connection) -> Result<std::vector<OperationRecord>> {
        std::string sql = "SELECT id, revision, document, created_at, changed_at FROM waybill_operation WHERE 1 = 1";
        Values values;
        if (filter.id) {
          sql += " AND id = ?";
          values.emplace_back(*filter.id);
        }
        if (!filter.before.empty()) {
          sql += " AND id < ?";
          values.emplace_back(filter.before);
        }
        auto rows = connection.query(sql + " ORDER BY id DESC LIMIT " + std::to_string(filter.limit), values, reading);
        if (!rows) return rows.error();
        std::vector<OperationRecord> found;
        for (std::size_t row = 0; row < rows->count(); ++row) {
          found.push_back({rows->text(row, 0), static_cast<std::uint64_t>(rows->number(row, 1)), rows->text(row, 2),
                           rows->number(row, 3), wall_ms() - rows->number(row, 4)});
        }
        return found;
      });
}

Result<std::vector<OperationResult>> MysqlStore::operation_results(const std::string& id, std::uint64_t after,
                                                                   std::size_t limit) {
  return with_connection<std::vector<OperationResult>>(
      [&](Connection& connection) -> Result<std::vector<OperationResult>> {
        auto rows = connection.query(
            "SELECT number, message_id, result FROM waybill_operation_result WHERE operation = ? AND number > ? ORDER "
            "BY number LIMIT " +
                std::to_string(limit),
            {id, static_cast<std::int64_t>(after)}, reading);
        if (!rows) return rows.error();
        std::vector<OperationResult> page;
        for (std::size_t row = 0; row < rows->count(); ++row) {
          page.push_back({static_cast<std::uint64_t>(rows->number(row, 0)), rows->text(row, 1), rows->text(row, 2)});
        }
        return page;
      });
}

}  // namespace waybill::mysql
