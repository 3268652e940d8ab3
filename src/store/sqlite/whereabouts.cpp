// What people ask about a store as a whole and about one message in it.

#include <algorithm>

#include "core/glob.hpp"
#include "store/sqlite/message_row.hpp"
#include "store/sqlite/ownership.hpp"
#include "store/sqlite/store.hpp"
#include "store/sqlite/troubled.hpp"
#include "store/sqlite/upkeep.hpp"

namespace waybill::sqlite {
namespace {

using store::Counts;
using store::Whereabouts;

constexpr std::string_view counting = "can't count messages";
constexpr std::string_view locating = "can't look for the message";

// Counting reads every page: up to here exactly, above from the numbers of the first and the last row.
constexpr std::int64_t count_exactly = 20'000;

Result<std::int64_t> first_number(Connection& connection, std::string_view sql, std::string_view doing) {
  auto row = connection.cached(sql, doing);
  if (!row) return row.error();
  auto there = (*row)->step(doing);
  if (!there) return there.error();
  const auto number = *there ? (*row)->number(0) : 0;
  (*row)->reset();
  return number;
}

Status count_outbox(Connection& connection, Counts& counts) {
  auto some = first_number(connection, "SELECT count(*) FROM (SELECT 1 FROM waybill_outbox LIMIT 20001)", counting);
  if (!some) return some.error();
  if (*some > count_exactly) {
    some = first_number(connection,
                        "SELECT (SELECT max(seq) FROM waybill_outbox) - (SELECT min(seq) FROM waybill_outbox) + 1",
                        counting);
    if (!some) return some.error();
    counts.sending_is_estimate = true;
  }
  counts.sending = static_cast<std::uint64_t>(*some);
  return {};
}

Status read_history(Connection& connection, const MessageId& id, Whereabouts& found) {
  auto rows = connection.cached(
      "SELECT at, attempt, outcome, answer, endpoint, relay FROM waybill_attempt WHERE id = ?1 ORDER BY n", locating);
  if (!rows) return rows.error();
  (*rows)->bind(1, std::string_view{id.str()});
  while (true) {
    auto there = (*rows)->step(locating);
    if (!there) return there.error();
    if (!*there) return {};
    found.history.push_back({(*rows)->number(0), static_cast<std::uint32_t>((*rows)->number(1)), (*rows)->text(2),
                             (*rows)->text(3), (*rows)->text(4), (*rows)->text(5)});
  }
}

Result<bool> find_in_retry(Connection& connection, const MessageId& id, std::uint64_t max_payload, Whereabouts& found) {
  auto row = connection.cached("SELECT " WAYBILL_TROUBLED_COLUMNS " FROM waybill_retry WHERE id = ?2", locating);
  if (!row) return row.error();
  (*row)->bind(1, static_cast<std::int64_t>(max_payload)).bind(2, std::string_view{id.str()});
  auto there = (*row)->step(locating);
  if (!there || !*there) return there;
  found.place = Whereabouts::Place::retry;
  found.troubled = read_troubled(**row, max_payload);
  (*row)->reset();
  return true;
}

// The outbox has no index on the id, or each insert would pay for it: this reads the table.
Result<bool> find_in_outbox(Connection& connection, const MessageId& id, std::uint64_t max_payload,
                            Whereabouts& found) {
  auto row = connection.cached("SELECT " WAYBILL_MESSAGE_COLUMNS
                               ", seq <= (SELECT claimed FROM waybill_lane WHERE clean = 0) "
                               "AND NOT EXISTS (SELECT 1 FROM waybill_parked AS p WHERE p.seq = o.seq) "
                               "FROM waybill_outbox AS o WHERE id = ?2",
                               locating);
  if (!row) return row.error();
  (*row)->bind(1, static_cast<std::int64_t>(max_payload)).bind(2, std::string_view{id.str()});
  auto there = (*row)->step(locating);
  if (!there || !*there) return there;
  auto read = read_message(**row, max_payload);
  found.claimed = (*row)->number(first_own_column) != 0;
  (*row)->reset();
  found.place = Whereabouts::Place::outbox;
  found.troubled.emplace();
  found.troubled->ticket = store::Ticket{static_cast<std::uint64_t>(read.seq)};
  found.troubled->message = std::move(read.message);
  found.troubled->state = "sending";
  found.troubled->stored_at_ms = read.stored_at_ms;
  return true;
}

Status find_blocker(Connection& connection, Whereabouts& found) {
  const auto& message = found.troubled->message;
  auto rows = connection.cached(
      "SELECT route, key, (SELECT id FROM waybill_retry AS r WHERE blocks AND state <> 'dropped' AND r.route = s.route "
      "AND (s.key IS NULL OR r.key = s.key) ORDER BY seq LIMIT 1) FROM waybill_blocked_scope AS s "
      "WHERE key IS NULL OR key = ?1",
      locating);
  if (!rows) return rows.error();
  const auto key = message.key ? std::optional{message.key->str()} : std::nullopt;
  (*rows)->bind(1, key);
  while (true) {
    auto there = (*rows)->step(locating);
    if (!there) return there.error();
    if (!*there) return {};
    if (!glob_matches((*rows)->text(0), message.topic.str())) continue;
    found.blocked_by = store::Scope{(*rows)->text(0), (*rows)->optional_text(1)};
    found.blocking_id = (*rows)->text(2);
    (*rows)->reset();
    return {};
  }
}

}  // namespace

Result<Counts> SqliteStore::counts() {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto& connection = **open;
  Counts counts;
  if (auto counted = count_outbox(connection, counts); !counted) return counted.error();
  const auto sending = first_number(connection, "SELECT count(*) FROM waybill_retry WHERE state = 'sending'", counting);
  const auto failed = first_number(connection, "SELECT count(*) FROM waybill_retry WHERE state = 'failed'", counting);
  const auto scopes = first_number(connection, "SELECT count(*) FROM waybill_blocked_scope", counting);
  const auto oldest = first_number(connection,
                                   "SELECT min(at) FROM (SELECT created_at AS at FROM waybill_outbox WHERE seq = "
                                   "(SELECT min(seq) FROM waybill_outbox) "
                                   "UNION ALL SELECT min(created_at) FROM waybill_retry WHERE state = 'sending')",
                                   counting);
  for (const auto* result : {&sending, &failed, &scopes, &oldest}) {
    if (!*result) return result->error();
  }
  counts.sending += static_cast<std::uint64_t>(*sending);
  counts.failed = static_cast<std::uint64_t>(*failed);
  counts.blocked_scopes = static_cast<std::uint64_t>(*scopes);
  if (*oldest > 0)
    counts.oldest_sending_seconds = static_cast<double>(std::max<std::int64_t>(0, wall_ms() - *oldest)) / 1000.0;
  return counts;
}

Result<std::vector<store::LaneHolder>> SqliteStore::holders() {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  store::LaneHolder holder;
  if (Ownership::is_taken(path_)) {
    auto name = (*open)->ask("SELECT holder FROM waybill_lane", "can't read waybill_lane");
    if (!name) return name.error();
    holder.holder = *name;
  }
  return std::vector<store::LaneHolder>{std::move(holder)};
}

Result<Whereabouts> SqliteStore::locate(const MessageId& id) {
  Whereabouts found;
  if (auto holder = holders(); !holder) {
    return holder.error();
  } else {
    found.holder = holder->front().holder;
  }
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto& connection = **open;
  // One snapshot: a message on its way from one table to the other is in exactly one of them.
  if (auto begun = connection.run("BEGIN", locating); !begun) return begun.error();
  auto located = read_history(connection, id, found);
  if (located) {
    auto in_retry = find_in_retry(connection, id, config_.max_payload, found);
    auto there = in_retry && !*in_retry ? find_in_outbox(connection, id, config_.max_payload, found) : in_retry;
    located = there ? Status{} : Status{there.error()};
  }
  if (located && found.place == Whereabouts::Place::outbox) located = find_blocker(connection, found);
  if (auto ended = connection.run("COMMIT", locating); !ended && located) located = ended;
  if (!located) return located.error();
  found.claimed = found.claimed && !found.holder.empty();
  return found;
}

Status SqliteStore::report(const store::RelayReport& report) {
  constexpr std::string_view doing = "can't store the relay's report";
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto upsert = (*open)->cached(
      "INSERT INTO waybill_relay_report VALUES (?1, ?2, ?3) ON CONFLICT (relay) DO UPDATE SET at = ?2, json = ?3",
      doing);
  if (!upsert) return upsert.error();
  (*upsert)->bind(1, std::string_view{report.relay}).bind(2, wall_ms()).bind(3, std::string_view{report.json});
  if (auto stored = (*upsert)->run(doing); !stored) return stored;
  return ++reports_written_ % 600 == 1 ? forget_old(**open, wall_ms()) : Status{};
}

Result<std::vector<store::RelayReport>> SqliteStore::reports() {
  constexpr std::string_view doing = "can't read the relays' reports";
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto rows = (*open)->cached("SELECT relay, json, at FROM waybill_relay_report ORDER BY relay", doing);
  if (!rows) return rows.error();
  std::vector<store::RelayReport> all;
  while (true) {
    auto there = (*rows)->step(doing);
    if (!there) return there.error();
    if (!*there) return all;
    all.push_back({(*rows)->text(0), (*rows)->text(1), wall_ms() - (*rows)->number(2)});
  }
}

}  // namespace waybill::sqlite
