// Failed and dropped messages: listing, grouping, and what operators do to them.

#include "store/mysql/troubled.hpp"

#include <algorithm>

#include "store/failed_groups.hpp"
#include "store/mysql/store.hpp"

namespace waybill::mysql {
namespace {

using store::FailedFilter;
using store::FailedGroup;
using store::Ticket;
using store::Troubled;

constexpr std::string_view listing = "can't list failed messages";
constexpr std::string_view changing = "can't change failed messages";

// Rows changed in one transaction, so that a relay never waits long for its turn.
constexpr std::size_t chunk = 500;

/// The WHERE clause of a filter, and its values.
std::string where(const FailedFilter& filter, Values& values) {
  std::string clause = " WHERE seq > ?";
  values.emplace_back(static_cast<std::int64_t>(filter.after.value));
  const auto add = [&](const char* condition, const Value& value) {
    clause += condition;
    values.push_back(value);
  };
  if (!filter.state.empty()) add(" AND state = ?", filter.state);
  if (!filter.topic.empty()) add(" AND topic LIKE ? ESCAPE '|'", glob_to_like(filter.topic));
  if (!filter.within.empty()) {
    clause += " AND (FALSE";
    for (const auto& glob : filter.within) add(" OR topic LIKE ? ESCAPE '|'", glob_to_like(glob));
    clause += ")";
  }
  if (filter.key) add(" AND `key` = ?", *filter.key);
  if (!filter.reason.empty()) add(" AND reason = ?", filter.reason);
  if (!filter.cause.empty()) add(" AND INSTR(answer, ?) > 0", filter.cause);
  if (filter.id) add(" AND id = ?", *filter.id);
  if (filter.since_ms) add(" AND changed_at >= ?", *filter.since_ms);
  if (filter.until_ms) add(" AND changed_at < ?", *filter.until_ms);
  return clause;
}

}  // namespace

Troubled read_troubled(const Rows& rows, std::size_t row, std::uint64_t max_payload) {
  auto read = read_message(rows, row, max_payload);
  const auto text = [&](unsigned column) { return rows.text(row, first_own_column + column); };
  const auto number = [&](unsigned column) { return rows.number(row, first_own_column + column); };
  Troubled troubled;
  troubled.ticket = Ticket{static_cast<std::uint64_t>(read.seq)};
  troubled.message = std::move(read.message);
  troubled.stored_at_ms = read.stored_at_ms;
  troubled.state = text(0);
  troubled.route = text(1);
  troubled.attempts = static_cast<std::uint32_t>(number(2));
  troubled.tries = static_cast<std::uint32_t>(number(3));
  troubled.reason = text(4);
  troubled.answer = text(5);
  troubled.changed_at_ms = number(6);
  if (troubled.state == "sending") troubled.due_in_ms = std::max<std::int64_t>(0, number(7));
  return troubled;
}

Result<std::vector<Troubled>> MysqlStore::troubled(const FailedFilter& filter) {
  return with_connection<std::vector<Troubled>>([&](Connection& connection) -> Result<std::vector<Troubled>> {
    Values values{filter.payloads ? static_cast<std::int64_t>(config_.max_payload) : std::int64_t{-1}};
    const auto clause = where(filter, values);
    auto rows = connection.query("SELECT " WAYBILL_MYSQL_TROUBLED_COLUMNS " FROM waybill_retry" + clause +
                                     " ORDER BY seq LIMIT " + std::to_string(filter.limit),
                                 values, listing);
    if (!rows) return rows.error();
    std::vector<Troubled> page;
    for (std::size_t row = 0; row < rows->count(); ++row)
      page.push_back(read_troubled(*rows, row, config_.max_payload));
    return page;
  });
}

Result<std::vector<FailedGroup>> MysqlStore::failed_groups(const FailedFilter& filter) {
  return with_connection<std::vector<FailedGroup>>([&](Connection& connection) -> Result<std::vector<FailedGroup>> {
    Values values;
    const auto clause = where(filter, values);
    auto rows = connection.query(
        "SELECT route, reason, answer, COUNT(*), MIN(changed_at), MAX(changed_at), MIN(id) FROM waybill_retry" +
            clause + " GROUP BY route, reason, answer",
        values, listing);
    if (!rows) return rows.error();
    store::FailedGroups groups;
    for (std::size_t row = 0; row < rows->count(); ++row) {
      groups.add({rows->text(row, 0), rows->text(row, 1), rows->text(row, 2),
                  static_cast<std::uint64_t>(rows->number(row, 3)), rows->number(row, 4), rows->number(row, 5),
                  rows->text(row, 6)});
    }
    return groups.largest_first(filter.limit);
  });
}

Result<std::uint64_t> MysqlStore::change_some(Connection& connection, std::span<const Ticket> tickets,
                                              const std::string& update, const Values& remark) {
  auto transaction = Transaction::begin(connection, changing);
  if (!transaction) return transaction.error();
  std::uint64_t changed = 0;
  for (const auto ticket : tickets) {
    const auto seq = static_cast<std::int64_t>(ticket.value);
    if (auto ran = connection.run(update, {wall_ms(), seq}, changing); !ran) return ran.error();
    if (connection.changes() == 0) continue;
    ++changed;
    Values values{wall_ms()};
    values.insert(values.end(), remark.begin(), remark.end());
    values.emplace_back(seq);
    auto remembered = connection.run(
        "INSERT INTO waybill_attempt (id, at, attempt, outcome, answer, endpoint, relay) SELECT id, ?, attempts, ?, ?, "
        "'', ? FROM waybill_retry WHERE seq = ?",
        values, changing);
    if (!remembered) return remembered.error();
  }
  if (auto committed = transaction->commit(changing); !committed) return committed.error();
  return changed;
}

Result<std::uint64_t> MysqlStore::change_state(std::span<const Ticket> tickets, const std::string& update,
                                               const std::string& outcome, const std::string& who,
                                               const std::string& why) {
  std::uint64_t changed = 0;
  for (std::size_t at = 0; at < tickets.size(); at += chunk) {
    auto some = with_connection<std::uint64_t>([&](Connection& connection) {
      return change_some(connection, tickets.subspan(at, std::min(chunk, tickets.size() - at)), update,
                         {outcome, why, who});
    });
    if (!some) return some.error();
    changed += *some;
  }
  return changed;
}

Result<std::uint64_t> MysqlStore::resend(std::span<const Ticket> tickets, const std::string& who,
                                         const std::string& why) {
  return change_state(tickets,
                      "UPDATE waybill_retry SET state = 'sending', tries = 0, due_ms = 0, changed_at = ? WHERE seq = ? "
                      "AND state IN ('failed', 'dropped')",
                      "resent by operator", who, why);
}

Result<std::uint64_t> MysqlStore::drop(std::span<const Ticket> tickets, const std::string& who,
                                       const std::string& why) {
  // A dropped message releases its scope for good: restored, it must not hold up what has flowed on since.
  return change_state(
      tickets,
      "UPDATE waybill_retry SET state = 'dropped', blocks = 0, changed_at = ? WHERE seq = ? AND state = 'failed'",
      "dropped by operator", who, why);
}

Result<std::uint64_t> MysqlStore::restore(std::span<const Ticket> tickets, const std::string& who,
                                          const std::string& why) {
  return change_state(tickets,
                      "UPDATE waybill_retry SET state = 'failed', changed_at = ? WHERE seq = ? AND state = 'dropped'",
                      "restored by operator", who, why);
}

}  // namespace waybill::mysql
