// What a session hands out: fresh rows, due retries, the backlog of a scope.

#include <algorithm>
#include <chrono>

#include "store/message_size.hpp"
#include "store/sqlite/lane.hpp"
#include "store/sqlite/message_row.hpp"

namespace waybill::sqlite {
namespace {

using store::Claimed;
using store::Due;
using store::Fetched;
using store::FetchLimit;
using store::Origin;
using store::Scope;

// Claims are stored ahead, a few fetches of the present size, so that few fetches have to write. It is also how many
// messages that were never sent may be flagged after a crash.
constexpr std::int64_t least_claim_ahead = 64;
constexpr std::int64_t most_claim_ahead = 4000;
constexpr std::int64_t fetches_claimed_ahead = 8;

constexpr std::string_view fetching = "can't fetch";
constexpr std::string_view finding_due = "can't look for due retries";
constexpr std::string_view reading_backlog = "can't read a backlog";
constexpr std::string_view finding_set_aside = "can't look for retries that were set aside";

constexpr std::string_view fresh_rows =
    "SELECT " WAYBILL_MESSAGE_COLUMNS " FROM waybill_outbox WHERE seq > ?2 ORDER BY seq LIMIT ?3";
constexpr std::string_view fresh_rows_not_parked =
    "SELECT " WAYBILL_MESSAGE_COLUMNS
    " FROM waybill_outbox AS o WHERE seq > ?2 "
    "AND NOT EXISTS (SELECT 1 FROM waybill_parked AS p WHERE p.seq = o.seq) ORDER BY seq LIMIT ?3";
constexpr std::string_view key_backlog =
    "SELECT " WAYBILL_MESSAGE_COLUMNS
    " FROM waybill_outbox WHERE seq IN (SELECT p.seq FROM waybill_parked AS p "
    "WHERE p.route = ?4 AND p.key = ?5 AND p.seq > ?2 ORDER BY p.seq LIMIT ?3) ORDER BY seq";
constexpr std::string_view route_backlog = "SELECT " WAYBILL_MESSAGE_COLUMNS
                                           " FROM waybill_outbox WHERE seq IN (SELECT p.seq FROM waybill_parked AS p "
                                           "WHERE p.route = ?4 AND p.seq > ?2 ORDER BY p.seq LIMIT ?3) ORDER BY seq";
#define WAYBILL_RETRY_ROWS \
  "SELECT " WAYBILL_MESSAGE_COLUMNS ", attempts, tries, claimed, reason, due_ms FROM waybill_retry "
constexpr std::string_view due_rows =
    WAYBILL_RETRY_ROWS "WHERE state = 'sending' AND due_ms <= ?2 ORDER BY due_ms, seq";
constexpr std::string_view set_aside_rows = WAYBILL_RETRY_ROWS
    "WHERE state = 'sending' AND reason = 'set_aside' AND route = ?2 AND (due_ms, seq) > (?3, ?4) ORDER BY due_ms, seq";
constexpr std::string_view released_scopes =
    "SELECT route, key FROM waybill_blocked_scope AS s WHERE CASE WHEN key IS NULL "
    "THEN NOT EXISTS (SELECT 1 FROM waybill_retry AS r WHERE blocks AND state = 'failed' AND r.route = s.route) "
    "ELSE NOT EXISTS (SELECT 1 FROM waybill_retry AS r WHERE blocks AND state <> 'dropped' AND r.route = s.route "
    "AND r.key = s.key) END LIMIT 1000";

Claimed claimed_of(MessageRow&& row, Origin origin) {
  Claimed claimed;
  claimed.ticket = store::Ticket{static_cast<std::uint64_t>(row.seq)};
  claimed.origin = origin;
  claimed.stored_at_ms = row.stored_at_ms;
  claimed.defect = std::move(row.defect);
  claimed.reason = std::move(row.reason);
  if (row.message.not_before && origin != Origin::retry) {
    claimed.wait = std::max(Duration::zero(), Duration{*row.message.not_before - std::chrono::system_clock::now()});
  }
  claimed.message = std::make_shared<const Message>(std::move(row.message));
  return claimed;
}

/// Whether one more message has room; for a first one there are always bytes enough.
bool has_room(const std::vector<Claimed>& messages, std::size_t& bytes, const Message& next, FetchLimit limit) {
  const auto sum = bytes + store::size_of(next);
  if (limit.messages == 0) return false;
  if (messages.size() >= limit.messages || (!messages.empty() && sum > limit.bytes)) return false;
  bytes = sum;
  return true;
}

std::int64_t row_limit(FetchLimit limit) { return static_cast<std::int64_t>(limit.messages); }

}  // namespace

Result<Fetched> SqliteLane::read_claims(Statement& rows, Origin origin, FetchLimit limit) {
  Fetched fetched;
  std::size_t bytes = 0;
  while (true) {
    auto there = rows.step(fetching);
    if (!there) return give_up(there.error());
    if (!*there) break;
    auto row = read_message(rows, max_payload_);
    if (!has_room(fetched.messages, bytes, row.message, limit)) {
      fetched.more = true;
      break;
    }
    auto claimed = claimed_of(std::move(row), origin);
    if (static_cast<std::int64_t>(claimed.ticket.value) <= formerly_claimed_) claimed.attempt = 2;
    fetched.messages.push_back(std::move(claimed));
  }
  rows.reset();
  fetched.more = fetched.more || static_cast<std::int64_t>(fetched.messages.size()) >= row_limit(limit);
  return fetched;
}

// Every process that uses the file is on this host.
store::WallClock SqliteLane::wall_clock() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count(), std::chrono::steady_clock::now()};
}

Result<Fetched> SqliteLane::fetch(FetchLimit limit) {
  if (limit.messages == 0) last_proof_ = MonoTime{};
  if (auto owner = prove_ownership(); !owner) return owner.error();
  if (limit.messages == 0) return Fetched{};
  // Before the rows: what is committed in between is news for await().
  auto version = data_version();
  if (!version) return give_up(version.error());
  seen_version_ = *version;
  auto rows = connection_.cached(cursor_ < parked_until_ ? fresh_rows_not_parked : fresh_rows, fetching);
  if (!rows) return give_up(rows.error());
  (*rows)->bind(1, static_cast<std::int64_t>(max_payload_)).bind(2, cursor_).bind(3, row_limit(limit));
  auto fetched = read_claims(**rows, Origin::fresh, limit);
  if (!fetched || fetched->messages.empty()) return fetched;
  const auto last = static_cast<std::int64_t>(fetched->messages.back().ticket.value);
  claim_ahead_ = std::clamp(static_cast<std::int64_t>(fetched->messages.size()) * fetches_claimed_ahead,
                            least_claim_ahead, most_claim_ahead);
  if (auto stored = claim(last); !stored) return stored.error();
  cursor_ = last;
  fetched->wall = wall_clock();
  last_news_ = std::chrono::steady_clock::now();
  return fetched;
}

Status SqliteLane::claim(std::int64_t seq) {
  if (seq <= claimed_) {
    // Their writers may have used synchronous=NORMAL: what a power cut could undo must not be published.
    if (auto flushed = connection_.flush_log(); !flushed) return give_up(flushed.error());
    return {};
  }
  auto update =
      connection_.cached("UPDATE waybill_lane SET claimed = ?1, clean = 0 WHERE lane = 0 AND fence = ?2", fetching);
  if (!update) return give_up(update.error());
  if (auto stored = (*update)->bind(1, seq + claim_ahead_).bind(2, fence_).run(fetching); !stored) {
    return give_up(stored.error());
  }
  if (auto owner = require_owner(); !owner) return give_up(owner.error());
  claimed_ = seq + claim_ahead_;
  return {};
}

std::int64_t SqliteLane::claim_with_settlement() const {
  return cursor_ == 0 ? claimed_ : std::max(claimed_, cursor_ + claim_ahead_);
}

Result<Due> SqliteLane::due(LaneTime now, FetchLimit limit) {
  if (auto owner = prove_ownership(); !owner) return owner.error();
  auto rows = connection_.cached(due_rows, finding_due);
  if (!rows) return give_up(rows.error());
  (*rows)->bind(1, static_cast<std::int64_t>(max_payload_)).bind(2, now.ms);
  store::DuePosition last;
  auto fetched = read_retries(**rows, limit, last);
  if (!fetched) return give_up(fetched.error());
  if (auto handed_out = hand_out(fetched->messages); !handed_out) return give_up(handed_out.error());
  Due due;
  due.messages = std::move(fetched->messages);
  due.more = fetched->more;
  auto waiting = connection_.cached(
      "SELECT EXISTS (SELECT 1 FROM waybill_retry WHERE state = 'sending' AND due_ms > ?1 "
      "AND reason IS NOT 'route_stopped')",
      finding_due);
  if (!waiting) return give_up(waiting.error());
  auto row = (*waiting)->bind(1, now.ms).step(finding_due);
  if (!row) return give_up(row.error());
  due.waiting = (*waiting)->number(0) != 0;
  (*waiting)->reset();
  if (auto found = find_released(due); !found) return give_up(found.error());
  return due;
}

Result<Fetched> SqliteLane::set_aside(const std::string& route, FetchLimit limit) {
  if (auto owner = prove_ownership(); !owner) return owner.error();
  auto rows = connection_.cached(set_aside_rows, finding_set_aside);
  if (!rows) return give_up(rows.error());
  auto& last = set_aside_at_[route];
  (*rows)->bind(1, static_cast<std::int64_t>(max_payload_)).bind(2, std::string_view{route});
  (*rows)->bind(3, last.due_ms).bind(4, last.seq);
  auto fetched = read_retries(**rows, limit, last);
  if (!fetched) return give_up(fetched.error());
  if (!fetched->more) set_aside_at_.erase(route);
  if (auto handed_out = hand_out(fetched->messages); !handed_out) return give_up(handed_out.error());
  return fetched;
}

/// Those that are not out, as the statement orders them; `last` becomes where the last one stands.
Result<Fetched> SqliteLane::read_retries(Statement& rows, FetchLimit limit, store::DuePosition& last) {
  Fetched fetched;
  std::size_t bytes = 0;
  while (true) {
    auto there = rows.step(finding_due);
    if (!there) return there.error();
    if (!*there) return fetched;
    if (retries_out_.contains(rows.number(0))) continue;
    auto row = read_message(rows, max_payload_);
    if (!has_room(fetched.messages, bytes, row.message, limit)) {
      fetched.more = true;
      rows.reset();
      return fetched;
    }
    last = {rows.number(first_own_column + 4), row.seq};
    auto claimed = claimed_of(std::move(row), Origin::retry);
    const auto attempts = static_cast<std::uint32_t>(rows.number(first_own_column));
    const bool maybe_sent = rows.number(first_own_column + 2) != 0;
    claimed.attempt = std::max(attempts + 1, maybe_sent ? 2U : 1U);
    claimed.tries = static_cast<std::uint32_t>(rows.number(first_own_column + 1));
    claimed.reason = rows.text(first_own_column + 3);
    fetched.messages.push_back(std::move(claimed));
  }
}

Status SqliteLane::hand_out(const std::vector<Claimed>& retries) {
  const bool is_first_time =
      std::any_of(retries.begin(), retries.end(), [](const Claimed& claimed) { return claimed.attempt == 1; });
  if (is_first_time) {
    if (auto claimed = claim_first_time(retries); !claimed) return claimed;
  }
  for (const auto& claimed : retries) retries_out_.insert(static_cast<std::int64_t>(claimed.ticket.value));
  return {};
}

// That they may have been sent has to be stored before they are.
Status SqliteLane::claim_first_time(const std::vector<Claimed>& retries) {
  auto transaction = Transaction::begin(connection_, finding_due);
  if (!transaction) return transaction.error();
  auto owner = connection_.cached("UPDATE waybill_lane SET clean = 0 WHERE lane = 0 AND fence = ?1", finding_due);
  if (!owner) return owner.error();
  if (auto updated = (*owner)->bind(1, fence_).run(finding_due); !updated) return updated;
  if (auto owned = require_owner(); !owned) return owned;
  auto update = connection_.cached("UPDATE waybill_retry SET claimed = 1 WHERE seq = ?1", finding_due);
  if (!update) return update.error();
  for (const auto& claimed : retries) {
    if (claimed.attempt > 1) continue;
    (*update)->bind(1, static_cast<std::int64_t>(claimed.ticket.value));
    if (auto updated = (*update)->run(finding_due); !updated) return updated;
  }
  return transaction->commit(finding_due);
}

Status SqliteLane::find_released(Due& due) {
  if (scopes_.empty()) return {};
  auto rows = connection_.cached(released_scopes, finding_due);
  if (!rows) return rows.error();
  while (true) {
    auto there = (*rows)->step(finding_due);
    if (!there) return there.error();
    if (!*there) return {};
    due.released.push_back({(*rows)->text(0), (*rows)->optional_text(1)});
  }
}

Result<Fetched> SqliteLane::backlog(const Scope& scope, FetchLimit limit) {
  if (auto owner = prove_ownership(); !owner) return owner.error();
  const auto blocked = scopes_.find(scope);
  if (blocked == scopes_.end()) return Fetched{};
  auto& position = backlog_at_.try_emplace(scope, blocked->second).first->second;
  auto rows = connection_.cached(scope.key ? key_backlog : route_backlog, reading_backlog);
  if (!rows) return give_up(rows.error());
  (*rows)->bind(1, static_cast<std::int64_t>(max_payload_)).bind(2, std::max(position, blocked->second));
  (*rows)->bind(3, row_limit(limit)).bind(4, std::string_view{scope.route});
  if (scope.key) (*rows)->bind(5, std::string_view{*scope.key});
  auto fetched = read_claims(**rows, Origin::backlog, limit);
  if (!fetched || fetched->messages.empty()) return fetched;
  const auto last = static_cast<std::int64_t>(fetched->messages.back().ticket.value);
  claim_ahead_ = std::clamp(static_cast<std::int64_t>(fetched->messages.size()) * fetches_claimed_ahead,
                            least_claim_ahead, most_claim_ahead);
  if (auto stored = claim(last); !stored) return stored.error();
  position = last;
  return fetched;
}

}  // namespace waybill::sqlite
