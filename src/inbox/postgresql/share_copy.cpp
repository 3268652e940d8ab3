#include "inbox/postgresql/share_copy.hpp"

#include <cstdlib>
#include <utility>

namespace waybill::inbox::postgresql {
namespace {

constexpr const char* page =
    "SELECT p.rows, jsonb_array_length(p.rows), p.rows->-1->>'consumer', p.rows->-1->>'unique_id', "
    "p.rows->-1->>'fingerprint' FROM (SELECT waybill.shard_share($1, $2, $3, $4, 1000) AS rows) p";
constexpr const char* bounds = "SELECT coalesce(jsonb_agg(to_jsonb(b)), '[]') FROM waybill.inbox_bound b";
constexpr const char* raise_bounds =
    "INSERT INTO waybill.inbox_bound AS b SELECT * FROM jsonb_populate_recordset(NULL::waybill.inbox_bound, $1) "
    "ON CONFLICT (consumer) DO UPDATE SET before = greatest(b.before, excluded.before)";

}  // namespace

Result<std::uint64_t> ShareCopy::next() {
  auto rows = from_.run(page, {to_.name(), after_[0], after_[1], after_[2]}, "can't read marks");
  if (!rows) return std::move(rows).error();
  if (text(*rows, 0, 1) == "0") {
    done_ = true;
    auto copied = copy_bounds();
    return copied ? Result<std::uint64_t>{0} : Result<std::uint64_t>{std::move(copied).error()};
  }
  auto taken = to_.run("SELECT waybill.shard_take($1)", {text(*rows, 0, 0)}, "can't take marks over");
  if (!taken) return std::move(taken).error();
  for (int part = 0; part < 3; ++part) after_[static_cast<std::size_t>(part)] = text(*rows, 0, 2 + part);
  return std::strtoull(PQgetvalue(taken->get(), 0, 0), nullptr, 10);
}

// After the marks: what the former shard forgot meanwhile was copied or is older than its bound.
Status ShareCopy::copy_bounds() {
  auto rows = from_.run(bounds, {}, "can't read the bounds");
  if (!rows) return std::move(rows).error();
  auto raised = to_.run(raise_bounds, {text(*rows, 0, 0)}, "can't raise the bounds");
  return raised ? Status{} : Status{std::move(raised).error()};
}

}  // namespace waybill::inbox::postgresql
