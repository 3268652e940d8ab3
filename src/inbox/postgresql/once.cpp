#include "inbox/mark.hpp"
#include "inbox/postgresql/once_answer.hpp"
#include "inbox/postgresql/query.hpp"
#include "waybill/inbox_postgresql.h"

namespace waybill {
namespace inbox::postgresql {
namespace {

Value or_null(const std::string& text) { return text.empty() ? Value{} : Value{text}; }

}  // namespace

std::vector<Value> arguments_of(const Mark& mark) {
  const auto born = mark.persisted_at_ms > 0 ? Value{std::to_string(mark.persisted_at_ms)} : Value{};
  return {mark.consumer, mark.unique_id, mark.fingerprint, or_null(mark.digest), or_null(mark.message_id), born};
}

Result<Once> once_of(std::string_view answer) {
  for (const auto once : {Once::fresh, Once::duplicate, Once::conflict, Once::expired}) {
    if (to_string(once) == answer) return once;
  }
  return Error{ErrorCode::newer_schema,
               "waybill.once answered '" + std::string{answer} + "', which this program does not know"};
}

}  // namespace inbox::postgresql

namespace postgresql {

Result<Once> once(pg_conn* connection, const Mark& mark) {
  if (auto sound = inbox::check(mark); !sound) return std::move(sound).error();
  if (auto open = inbox::postgresql::in_transaction(connection, "once"); !open) return std::move(open).error();
  auto rows =
      inbox::postgresql::query(connection, "SELECT waybill.once($1, $2, $3, $4, $5, to_timestamp($6::bigint / 1000.0))",
                               inbox::postgresql::arguments_of(mark), "can't mark in waybill.inbox");
  if (!rows) return std::move(rows).error();
  return inbox::postgresql::once_of(inbox::postgresql::text(*rows, 0, 0));
}

}  // namespace postgresql
}  // namespace waybill
