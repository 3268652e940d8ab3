#include "store/postgresql/troubled.hpp"

#include <algorithm>

#include "core/glob.hpp"
#include "core/headers_json.hpp"
#include "core/text.hpp"
#include "store/failed_groups.hpp"

namespace waybill::postgresql {
namespace {

using store::FailedFilter;
using store::Troubled;

constexpr auto doing = "can't list failed messages";

/// What one of the globs matches.
std::string any_of(const std::vector<std::string>& globs) {
  std::string regex;
  for (const auto& glob : globs) regex += (regex.empty() ? "" : "|") + glob_to_regex(glob);
  return regex;
}

/// The WHERE clause of a filter; its values are bound, none is put into the text.
std::string where(const FailedFilter& filter, Parameters& parameters) {
  std::string clause = " WHERE true";
  const auto add = [&](const std::string& condition, const std::string& value) {
    parameters.add(value);
    clause += " AND " + condition + std::to_string(parameters.count());
  };
  if (!filter.state.empty()) add("r.state = $", filter.state);
  if (!filter.topic.empty()) add("r.topic ~ $", glob_to_regex(filter.topic));
  if (!filter.within.empty()) add("r.topic ~ $", any_of(filter.within));
  if (filter.key) add("r.key = $", *filter.key);
  if (!filter.reason.empty()) add("r.reason = $", filter.reason);
  if (filter.id) add("r.id = $", *filter.id);
  if (filter.since_ms) {
    add("extract(epoch FROM r.changed_at) * 1000 >= $", std::to_string(*filter.since_ms));
    clause += "::bigint";
  }
  if (filter.until_ms) {
    add("extract(epoch FROM r.changed_at) * 1000 < $", std::to_string(*filter.until_ms));
    clause += "::bigint";
  }
  if (!filter.cause.empty()) {
    add("position($", filter.cause);
    clause += " in r.answer) > 0";
  }
  return clause;
}

}  // namespace

#define WAYBILL_TROUBLED_COLUMNS(payload)                                                                            \
  "r.seq, r.lane, r.state, r.route, r.attempts, r.tries, r.reason, r.answer, r.due_ms, (extract(epoch FROM "         \
  "r.created_at) * 1000)::bigint, (extract(epoch FROM r.changed_at) * 1000)::bigint, r.id, r.topic, r.key, " payload \
  ", CASE WHEN octet_length(r.headers::text) <= 1048576 THEN r.headers::text END, "                                  \
  "CASE WHEN octet_length(r.content_type) <= 255 THEN r.content_type END"

const char* const troubled_columns = WAYBILL_TROUBLED_COLUMNS("encode(r.payload, 'hex')");
const char* const troubled_columns_without_payload = WAYBILL_TROUBLED_COLUMNS("''");

Troubled troubled_of(const Rows& rows, int row, const std::vector<Position>& positions) {
  Troubled troubled;
  troubled.ticket = {static_cast<std::uint64_t>(rows.number(row, 0))};
  troubled.lane = static_cast<std::uint32_t>(rows.number(row, 1));
  troubled.state = rows.text(row, 2);
  troubled.route = rows.text(row, 3);
  troubled.attempts = static_cast<std::uint32_t>(rows.number(row, 4));
  troubled.tries = static_cast<std::uint32_t>(rows.number(row, 5));
  troubled.reason = rows.text(row, 6);
  troubled.answer = rows.text(row, 7);
  if (troubled.state == "sending" && troubled.lane < positions.size()) {
    troubled.due_in_ms = std::max<std::int64_t>(0, rows.number(row, 8) - clock_now(positions[troubled.lane]));
  }
  troubled.stored_at_ms = rows.number(row, 9);
  troubled.changed_at_ms = rows.number(row, 10);
  auto& message = troubled.message;
  message.id = MessageId{rows.text(row, 11)};
  message.topic = Topic{rows.text(row, 12)};
  if (!rows.is_null(row, 13)) message.key.emplace(rows.text(row, 13));
  message.payload = from_hex(rows.bytes(row, 14));
  if (auto headers = headers_from_json(rows.bytes(row, 15))) message.headers = *std::move(headers);
  if (!rows.is_null(row, 16)) message.content_type = rows.text(row, 16);
  return troubled;
}

Result<std::vector<Troubled>> PostgresStore::troubled(const FailedFilter& filter) {
  return with_connection([&](Connection& connection) -> Result<std::vector<Troubled>> {
    auto facts = schema_facts(connection);
    if (!facts) return facts.error();
    if (auto current = require_current(facts->state, config_.name); !current) return current.error();
    auto positions = all_positions(connection, facts->lanes);
    if (!positions) return positions.error();
    Parameters parameters;
    auto sql = std::string{"SELECT "} + (filter.payloads ? troubled_columns : troubled_columns_without_payload) +
               " FROM waybill.retry r" + where(filter, parameters);
    parameters.add(static_cast<std::int64_t>(filter.after.value)).add(static_cast<std::int64_t>(filter.limit));
    sql += " AND r.seq > $" + std::to_string(parameters.count() - 1) + "::bigint ORDER BY r.seq LIMIT $" +
           std::to_string(parameters.count()) + "::bigint";
    auto rows = connection.run(sql, parameters, doing);
    if (!rows) return rows.error();
    std::vector<Troubled> all;
    for (int i = 0; i < rows->count(); ++i) all.push_back(troubled_of(*rows, i, *positions));
    return all;
  });
}

Result<std::vector<store::FailedGroup>> PostgresStore::failed_groups(const FailedFilter& filter) {
  return with_connection([&](Connection& connection) -> Result<std::vector<store::FailedGroup>> {
    Parameters parameters;
    auto rows = connection.run(
        "SELECT r.route, r.reason, r.answer, count(*), (extract(epoch FROM min(r.changed_at)) * 1000)::bigint, "
        "(extract(epoch "
        "FROM max(r.changed_at)) * 1000)::bigint, min(r.id) FROM waybill.retry r" +
            where(filter, parameters) + " GROUP BY 1, 2, 3",
        parameters, doing);
    if (!rows) return rows.error();
    store::FailedGroups groups;
    for (int i = 0; i < rows->count(); ++i) {
      groups.add({rows->text(i, 0), rows->text(i, 1), rows->text(i, 2), static_cast<std::uint64_t>(rows->number(i, 3)),
                  rows->number(i, 4), rows->number(i, 5), rows->text(i, 6)});
    }
    return groups.largest_first(filter.limit);
  });
}

}  // namespace waybill::postgresql
