// Bulk acts of operators.

#include "store/postgresql/store.hpp"
#include "store/retention.hpp"

namespace waybill::postgresql {
namespace {

using store::OperationRecord;
using store::OperationResult;

constexpr auto reading = "can't read operations";
constexpr auto storing = "can't store an operation";

std::string forget_old() {
  return "WITH old AS (DELETE FROM waybill.operation WHERE id IN (SELECT id FROM waybill.operation WHERE changed_at < "
         "clock_timestamp() - interval '" +
         std::to_string(store::days_kept) +
         " days' LIMIT 10) RETURNING id) DELETE FROM waybill.operation_result WHERE operation IN (SELECT id FROM old)";
}

}  // namespace

Status PostgresStore::add_operation(const std::string& id, const std::string& document) {
  return with_connection([&](Connection& connection) -> Status {
    if (auto forgotten = connection.run(forget_old(), storing); !forgotten) return forgotten.error();
    Parameters parameters;
    parameters.add(id).add(document);
    auto done = connection.run("INSERT INTO waybill.operation (id, document) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                               parameters, storing);
    if (!done) return done.error();
    if (done->affected() == 0) return Error{ErrorCode::busy, "operation " + id + " is there already"};
    return {};
  });
}

// One statement, so one transaction.
Result<bool> PostgresStore::change_operation(const std::string& id, std::uint64_t revision, const std::string& document,
                                             std::span<const OperationResult> results) {
  std::vector<std::int64_t> numbers;
  std::vector<std::string> ids, words;
  for (const auto& one : results) {
    numbers.push_back(static_cast<std::int64_t>(one.number));
    ids.push_back(one.message_id);
    words.push_back(one.result);
  }
  return with_connection([&](Connection& connection) -> Result<bool> {
    Parameters parameters;
    parameters.add(id).add(static_cast<std::int64_t>(revision)).add(document);
    parameters.add(array_literal(numbers)).add(array_literal(ids)).add(array_literal(words));
    auto done = connection.run(
        "WITH changed AS (UPDATE waybill.operation SET revision = revision + 1, document = $3, changed_at = "
        "clock_timestamp() WHERE id = $1 AND revision = $2::bigint RETURNING id), added AS (INSERT INTO "
        "waybill.operation_result SELECT changed.id, r.* FROM changed, unnest($4::bigint[], $5::text[], $6::text[]) "
        "AS r) SELECT count(*) FROM changed",
        parameters, storing);
    if (!done) return done.error();
    return done->number(0, 0) > 0;
  });
}

Result<std::vector<OperationRecord>> PostgresStore::operations(const store::OperationFilter& filter) {
  return with_connection([&](Connection& connection) -> Result<std::vector<OperationRecord>> {
    Parameters parameters;
    parameters.add_optional(filter.id).add(filter.before).add(static_cast<std::int64_t>(filter.limit));
    auto rows = connection.run(
        "SELECT id, revision, document, (extract(epoch FROM created_at) * 1000)::bigint, (extract(epoch FROM "
        "clock_timestamp() - changed_at) * 1000)::bigint FROM waybill.operation WHERE ($1::text IS NULL OR id = $1) "
        "AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3::bigint",
        parameters, reading);
    if (!rows) return rows.error();
    std::vector<OperationRecord> found;
    for (int i = 0; i < rows->count(); ++i) {
      found.push_back({rows->text(i, 0), static_cast<std::uint64_t>(rows->number(i, 1)), rows->text(i, 2),
                       rows->number(i, 3), rows->number(i, 4)});
    }
    return found;
  });
}

Result<std::vector<OperationResult>> PostgresStore::operation_results(const std::string& id, std::uint64_t after,
                                                                      std::size_t limit) {
  return with_connection([&](Connection& connection) -> Result<std::vector<OperationResult>> {
    Parameters parameters;
    parameters.add(id).add(static_cast<std::int64_t>(after)).add(static_cast<std::int64_t>(limit));
    auto rows = connection.run(
        "SELECT number, message_id, result FROM waybill.operation_result WHERE operation = $1 AND number > $2::bigint "
        "ORDER BY number LIMIT $3::bigint",
        parameters, reading);
    if (!rows) return rows.error();
    std::vector<OperationResult> page;
    for (int i = 0; i < rows->count(); ++i) {
      page.push_back({static_cast<std::uint64_t>(rows->number(i, 0)), rows->text(i, 1), rows->text(i, 2)});
    }
    return page;
  });
}

}  // namespace waybill::postgresql
