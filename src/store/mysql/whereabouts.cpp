// What people ask about a store as a whole and about messages in it.

#include <algorithm>
#include <unordered_map>

#include "core/glob.hpp"
#include "store/mysql/schema_version.hpp"
#include "store/mysql/store.hpp"
#include "store/mysql/troubled.hpp"

namespace waybill::mysql {
namespace {

using store::Counts;
using store::Standing;
using store::Whereabouts;

constexpr std::string_view counting = "can't count messages";
constexpr std::string_view locating = "can't look for the message";

// Counting reads every row: up to here exactly, above from the numbers of the first and the last row.
constexpr std::int64_t count_exactly = 20'000;

Status read_history(Connection& connection, const MessageId& id, Whereabouts& found) {
  auto rows = connection.query(
      "SELECT at, attempt, outcome, answer, endpoint, relay FROM waybill_attempt WHERE id = ? ORDER BY n", {id.str()},
      locating);
  if (!rows) return rows.error();
  for (std::size_t row = 0; row < rows->count(); ++row) {
    found.history.push_back({rows->number(row, 0), static_cast<std::uint32_t>(rows->number(row, 1)), rows->text(row, 2),
                             rows->text(row, 3), rows->text(row, 4), rows->text(row, 5)});
  }
  return {};
}

Status find_in_retry(Connection& connection, const MessageId& id, std::uint64_t max_payload, Whereabouts& found) {
  auto rows = connection.query("SELECT " WAYBILL_MYSQL_TROUBLED_COLUMNS
                               " FROM waybill_retry WHERE id = ? ORDER BY state = 'dropped', seq DESC LIMIT 1",
                               {static_cast<std::int64_t>(max_payload), id.str()}, locating);
  if (!rows) return rows.error();
  if (rows->empty()) return {};
  found.place = Whereabouts::Place::retry;
  found.troubled = read_troubled(*rows, 0, max_payload);
  return {};
}

// The outbox has no index on the id, or each insert would pay for it: this reads the table.
Status find_in_outbox(Connection& connection, const MessageId& id, std::uint64_t max_payload, Whereabouts& found) {
  auto rows = connection.query("SELECT " WAYBILL_MYSQL_MESSAGE_COLUMNS
                               ", seq <= IFNULL((SELECT claimed FROM waybill_lane WHERE clean = 0 LIMIT 1), 0) "
                               "AND NOT EXISTS (SELECT 1 FROM waybill_parked AS p WHERE p.seq = o.seq) "
                               "FROM waybill_outbox AS o WHERE id = ? LIMIT 1",
                               {static_cast<std::int64_t>(max_payload), id.str()}, locating);
  if (!rows) return rows.error();
  if (rows->empty()) return {};
  auto read = read_message(*rows, 0, max_payload);
  found.claimed = rows->number(0, first_own_column) != 0;
  found.place = Whereabouts::Place::outbox;
  found.troubled.emplace();
  found.troubled->ticket = store::Ticket{static_cast<std::uint64_t>(read.seq)};
  found.troubled->message = std::move(read.message);
  found.troubled->state = "sending";
  found.troubled->stored_at_ms = read.stored_at_ms;
  return {};
}

Status find_blocker(Connection& connection, Whereabouts& found) {
  const auto& message = found.troubled->message;
  const auto key = message.key ? std::optional{message.key->str()} : std::nullopt;
  auto rows = connection.query(
      "SELECT route, keyed, `key`, (SELECT id FROM waybill_retry AS r WHERE blocks = 1 AND state <> 'dropped' AND "
      "r.route = s.route AND (s.keyed = 0 OR r.`key` = s.`key`) ORDER BY seq LIMIT 1) FROM waybill_blocked_scope AS s "
      "WHERE keyed = 0 OR `key` = ?",
      {key}, locating);
  if (!rows) return rows.error();
  for (std::size_t row = 0; row < rows->count(); ++row) {
    if (!glob_matches(rows->bytes(row, 0), message.topic.str())) continue;
    found.blocked_by = store::Scope{rows->text(row, 0), std::nullopt};
    if (rows->number(row, 1) != 0) found.blocked_by->key = rows->text(row, 2);
    found.blocking_id = rows->text(row, 3);
    return {};
  }
  return {};
}

Result<std::string> holder_of(Connection& connection) {
  auto rows = connection.query(
      "SELECT holder FROM waybill_lane WHERE lane = 0 AND IS_USED_LOCK(" WAYBILL_MYSQL_LANE_LOCK ") IS NOT NULL", {},
      "can't read waybill_lane");
  if (!rows) return rows.error();
  return rows->empty() ? std::string{} : rows->text(0, 0);
}

Status count_outbox(Connection& connection, Counts& counts) {
  auto some = connection.query("SELECT COUNT(*) FROM (SELECT 1 FROM waybill_outbox LIMIT 20001) AS some", {}, counting);
  if (!some) return some.error();
  auto count = some->number(0, 0);
  if (count > count_exactly) {
    auto span = connection.query("SELECT MAX(seq) - MIN(seq) + 1 FROM waybill_outbox", {}, counting);
    if (!span) return span.error();
    count = std::max(count, span->number(0, 0));
    counts.sending_is_estimate = true;
  }
  counts.sending = static_cast<std::uint64_t>(count);
  return {};
}

Standing standing_of(std::string_view state) {
  if (state == "failed") return Standing::failed;
  return state == "dropped" ? Standing::dropped : Standing::sending;
}

/// One snapshot for several reads: a message on its way from one table to the other is in exactly one of them.
Result<Transaction> begin_snapshot(Connection& connection) {
  if (auto set = connection.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", {}, locating); !set) {
    return set.error();
  }
  return Transaction::begin(connection, locating);
}

}  // namespace

Result<Counts> MysqlStore::counts() {
  return with_connection<Counts>([](Connection& connection) -> Result<Counts> {
    Counts counts;
    if (auto counted = count_outbox(connection, counts); !counted) return counted.error();
    auto rest = connection.query(
        "SELECT (SELECT COUNT(*) FROM waybill_retry WHERE state = 'sending'), (SELECT COUNT(*) FROM waybill_retry "
        "WHERE "
        "state = 'failed'), (SELECT COUNT(*) FROM waybill_blocked_scope), LEAST(IFNULL((SELECT created_at FROM "
        "waybill_outbox ORDER BY seq LIMIT 1), 9223372036854775807), IFNULL((SELECT MIN(created_at) FROM waybill_retry "
        "WHERE state = 'sending'), 9223372036854775807))",
        {}, counting);
    if (!rest) return rest.error();
    counts.sending += static_cast<std::uint64_t>(rest->number(0, 0));
    counts.failed = static_cast<std::uint64_t>(rest->number(0, 1));
    counts.blocked_scopes = static_cast<std::uint64_t>(rest->number(0, 2));
    const auto oldest = rest->number(0, 3);
    if (oldest > 0 && oldest < INT64_MAX) {
      counts.oldest_sending_seconds = static_cast<double>(std::max<std::int64_t>(0, wall_ms() - oldest)) / 1000.0;
    }
    // Without the right PROCESS nobody can tell.
    const auto transaction = connection.query(
        "SELECT IFNULL(MAX(TIMESTAMPDIFF(MICROSECOND, trx_started, NOW(6))), 0) FROM information_schema.innodb_trx "
        "WHERE "
        "trx_mysql_thread_id <> CONNECTION_ID()",
        {}, counting);
    if (transaction) counts.oldest_transaction_seconds = static_cast<double>(transaction->number(0, 0)) / 1e6;
    return counts;
  });
}

Result<std::vector<store::LaneHolder>> MysqlStore::holders() {
  return with_connection<std::vector<store::LaneHolder>>(
      [](Connection& connection) -> Result<std::vector<store::LaneHolder>> {
        auto holder = holder_of(connection);
        if (!holder) return holder.error();
        return std::vector<store::LaneHolder>{{0, *holder}};
      });
}

Result<Whereabouts> MysqlStore::locate(const MessageId& id) {
  return with_connection<Whereabouts>([&](Connection& connection) -> Result<Whereabouts> {
    Whereabouts found;
    auto holder = holder_of(connection);
    if (!holder) return holder.error();
    found.holder = *holder;
    auto snapshot = begin_snapshot(connection);
    if (!snapshot) return snapshot.error();
    auto located = read_history(connection, id, found);
    if (located) located = find_in_retry(connection, id, config_.max_payload, found);
    if (located && found.place == Whereabouts::Place::gone) {
      located = find_in_outbox(connection, id, config_.max_payload, found);
    }
    if (located && found.place == Whereabouts::Place::outbox) located = find_blocker(connection, found);
    if (!located) return located.error();
    found.claimed = found.claimed && !found.holder.empty();
    return found;
  });
}

Result<std::vector<Standing>> MysqlStore::standings(std::span<const MessageId> ids) {
  if (ids.empty()) return std::vector<Standing>{};
  return with_connection<std::vector<Standing>>([&](Connection& connection) -> Result<std::vector<Standing>> {
    Values values;
    for (const auto& id : ids) values.emplace_back(id.str());
    const auto wanted = " WHERE id IN (" + placeholders(ids.size()) + ")";
    auto snapshot = begin_snapshot(connection);
    if (!snapshot) return snapshot.error();
    std::unordered_map<std::string, Standing> found;
    for (const auto* table : {"id, state FROM waybill_retry", "id, 'sending' FROM waybill_outbox"}) {
      auto rows = connection.query(std::string{"SELECT "} + table + wanted, values, locating);
      if (!rows) return rows.error();
      for (std::size_t row = 0; row < rows->count(); ++row) {
        found[rows->text(row, 0)] = standing_of(rows->bytes(row, 1));
      }
    }
    std::vector<Standing> standings;
    for (const auto& id : ids) {
      const auto one = found.find(id.str());
      standings.push_back(one == found.end() ? Standing::gone : one->second);
    }
    return standings;
  });
}

}  // namespace waybill::mysql
