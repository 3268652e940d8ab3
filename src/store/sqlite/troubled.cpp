// Failed and dropped messages: listing, grouping, and what operators do to them.

#include "store/sqlite/troubled.hpp"

#include <algorithm>

#include "core/glob.hpp"
#include "core/headers_json.hpp"
#include "store/failed_groups.hpp"
#include "store/sqlite/message_row.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/store.hpp"

namespace waybill::sqlite {
namespace {

using store::FailedFilter;
using store::FailedGroup;
using store::Ticket;
using store::Troubled;

constexpr std::string_view listing = "can't list failed messages";
constexpr std::string_view changing = "can't change failed messages";

// A parameter that is NULL filters nothing.
#define WAYBILL_FAILED_FILTER                                                                \
  " state = ?2 AND seq > ?3 AND (?4 IS NULL OR topic GLOB ?4) AND (?5 IS NULL OR key = ?5) " \
  "AND (?6 IS NULL OR reason = ?6) AND (?7 IS NULL OR instr(answer, ?7) > 0) "               \
  "AND (?8 IS NULL OR id = ?8) AND changed_at >= ?9 AND changed_at < ?10 "                   \
  "AND (?11 IS NULL OR EXISTS (SELECT 1 FROM json_each(?11) WHERE topic GLOB value)) "

// Rows changed in one transaction, so that a service never waits long for its turn.
constexpr std::size_t chunk = 500;

/// Globs of SQLite, as a value that json_each() takes apart.
std::string list_of(const std::vector<std::string>& globs) {
  std::vector<std::string> list;
  for (const auto& glob : globs) list.push_back(glob_to_sqlite(glob));
  return texts_to_json(list);
}

/// The filter's values, kept alive for as long as they are bound.
class BoundFilter {
 public:
  explicit BoundFilter(const FailedFilter& filter) : filter_(filter) {
    if (!filter.topic.empty()) topic_ = glob_to_sqlite(filter.topic);
    if (!filter.reason.empty()) reason_ = filter.reason;
    if (!filter.cause.empty()) cause_ = filter.cause;
    if (!filter.within.empty()) within_ = list_of(filter.within);
  }

  void bind(Statement& statement) const {
    statement.bind(2, std::string_view{filter_.state}).bind(3, static_cast<std::int64_t>(filter_.after.value));
    statement.bind(4, topic_).bind(5, filter_.key).bind(6, reason_).bind(7, cause_).bind(8, filter_.id);
    statement.bind(9, filter_.since_ms.value_or(0)).bind(10, filter_.until_ms.value_or(INT64_MAX));
    statement.bind(11, within_);
  }

 private:
  const FailedFilter& filter_;
  std::optional<std::string> topic_, reason_, cause_, within_;
};

store::Attempt remark_of(std::string outcome, const std::string& who, const std::string& why) {
  store::Attempt remark;
  remark.outcome = std::move(outcome);
  remark.answer = why;
  remark.relay = who;
  return remark;
}

}  // namespace

Troubled read_troubled(const Statement& row, std::uint64_t max_payload) {
  auto read = read_message(row, max_payload);
  const auto text = [&](int column) { return row.text(first_own_column + column); };
  const auto number = [&](int column) { return row.number(first_own_column + column); };
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

Result<std::vector<Troubled>> SqliteStore::troubled(const FailedFilter& filter) {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto rows = (*open)->prepare("SELECT " WAYBILL_TROUBLED_COLUMNS " FROM waybill_retry WHERE " WAYBILL_FAILED_FILTER
                               " ORDER BY seq LIMIT ?12",
                               listing);
  if (!rows) return rows.error();
  const BoundFilter bound{filter};
  bound.bind(*rows);
  const auto longest = filter.payloads ? static_cast<std::int64_t>(config_.max_payload) : std::int64_t{-1};
  rows->bind(1, longest).bind(12, static_cast<std::int64_t>(filter.limit));
  std::vector<Troubled> page;
  while (true) {
    auto there = rows->step(listing);
    if (!there) return there.error();
    if (!*there) return page;
    page.push_back(read_troubled(*rows, config_.max_payload));
  }
}

Result<std::vector<FailedGroup>> SqliteStore::failed_groups(const FailedFilter& filter) {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto rows = (*open)->prepare(
      "SELECT route, reason, answer, count(*), min(changed_at), max(changed_at), min(id) FROM waybill_retry "
      "WHERE " WAYBILL_FAILED_FILTER " GROUP BY route, reason, answer",
      listing);
  if (!rows) return rows.error();
  const BoundFilter bound{filter};
  bound.bind(*rows);
  store::FailedGroups groups;
  while (true) {
    auto there = rows->step(listing);
    if (!there) return there.error();
    if (!*there) return groups.largest_first(filter.limit);
    groups.add({rows->text(0), rows->text(1), rows->text(2), static_cast<std::uint64_t>(rows->number(3)),
                rows->number(4), rows->number(5), rows->text(6)});
  }
}

Result<std::uint64_t> SqliteStore::change_some(Connection& connection, std::span<const Ticket> tickets,
                                               std::string_view update, const store::Attempt& remark) {
  auto transaction = Transaction::begin(connection, changing);
  if (!transaction) return transaction.error();
  auto change = connection.cached(update, changing);
  if (!change) return change.error();
  auto remember = connection.cached(
      "INSERT INTO waybill_attempt (id, at, attempt, outcome, answer, endpoint, relay) "
      "SELECT id, ?2, attempts, ?3, ?4, '', ?5 FROM waybill_retry WHERE seq = ?1",
      changing);
  if (!remember) return remember.error();
  std::uint64_t changed = 0;
  const auto now = wall_ms();
  for (const auto ticket : tickets) {
    const auto row = static_cast<std::int64_t>(ticket.value);
    if (auto ran = (*change)->bind(1, row).bind(2, now).run(changing); !ran) return ran.error();
    if (connection.changes() == 0) continue;
    ++changed;
    (*remember)->bind(1, row).bind(2, now).bind(3, std::string_view{remark.outcome});
    (*remember)->bind(4, std::string_view{remark.answer}).bind(5, std::string_view{remark.relay});
    if (auto ran = (*remember)->run(changing); !ran) return ran.error();
  }
  if (auto committed = transaction->commit(changing); !committed) return committed.error();
  return changed;
}

Result<std::uint64_t> SqliteStore::change_state(std::span<const Ticket> tickets, std::string_view update,
                                                const store::Attempt& remark) {
  std::uint64_t changed = 0;
  for (std::size_t at = 0; at < tickets.size(); at += chunk) {
    const std::lock_guard lock{mutex_};
    auto open = connection();
    if (!open) return open.error();
    auto some = change_some(**open, tickets.subspan(at, std::min(chunk, tickets.size() - at)), update, remark);
    if (!some) return some.error();
    changed += *some;
  }
  return changed;
}

Result<std::uint64_t> SqliteStore::resend(std::span<const Ticket> tickets, const std::string& who,
                                          const std::string& why) {
  return change_state(tickets,
                      "UPDATE waybill_retry SET state = 'sending', tries = 0, due_ms = 0, changed_at = ?2 "
                      "WHERE seq = ?1 AND state IN ('failed', 'dropped')",
                      remark_of("resent by operator", who, why));
}

Result<std::uint64_t> SqliteStore::drop(std::span<const Ticket> tickets, const std::string& who,
                                        const std::string& why) {
  // A dropped message releases its scope for good: restored, it must not hold up what has flowed on since.
  return change_state(tickets,
                      "UPDATE waybill_retry SET state = 'dropped', blocks = 0, changed_at = ?2 "
                      "WHERE seq = ?1 AND state = 'failed'",
                      remark_of("dropped by operator", who, why));
}

Result<std::uint64_t> SqliteStore::restore(std::span<const Ticket> tickets, const std::string& who,
                                           const std::string& why) {
  return change_state(tickets,
                      "UPDATE waybill_retry SET state = 'failed', changed_at = ?2 WHERE seq = ?1 AND state = 'dropped'",
                      remark_of("restored by operator", who, why));
}

}  // namespace waybill::sqlite
