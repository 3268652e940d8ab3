#include <string>

#include "inbox/mark.hpp"
#include "inbox/postgresql/query.hpp"
#include "waybill/inbox_postgresql.h"

namespace waybill::postgresql {
namespace {

using inbox::postgresql::Value;

Value or_null(const std::string& text) { return text.empty() ? Value{} : Value{text}; }

Result<Once> parse(const std::string& answer) {
  for (const auto once : {Once::fresh, Once::duplicate, Once::conflict, Once::expired}) {
    if (to_string(once) == answer) return once;
  }
  return Error{ErrorCode::newer_schema, "waybill.once answered '" + answer + "', which this program does not know"};
}

}  // namespace

Result<Once> once(pg_conn* connection, const Mark& mark) {
  if (auto sound = inbox::check(mark); !sound) return std::move(sound).error();
  if (auto open = inbox::postgresql::in_transaction(connection, "once"); !open) return std::move(open).error();
  const auto born = mark.persisted_at_ms > 0 ? Value{std::to_string(mark.persisted_at_ms)} : Value{};
  auto rows = inbox::postgresql::query(
      connection, "SELECT waybill.once($1, $2, $3, $4, $5, to_timestamp($6::bigint / 1000.0))",
      {mark.consumer, mark.unique_id, mark.fingerprint, or_null(mark.digest), or_null(mark.message_id), born},
      "can't mark in waybill.inbox");
  if (!rows) return std::move(rows).error();
  return parse(inbox::postgresql::text(*rows, 0, 0));
}

}  // namespace waybill::postgresql
