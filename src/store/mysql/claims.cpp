// What a session hands out: fresh rows, due retries, the backlog of a scope.

#include <algorithm>
#include <chrono>

#include "store/message_size.hpp"
#include "store/mysql/lane.hpp"
#include "store/mysql/message_row.hpp"

namespace waybill::mysql {
namespace {

using store::Claimed;
using store::Due;
using store::Fetched;
using store::FetchLimit;
using store::Origin;
using store::Scope;

// How far claims are stored ahead of what was read: how many messages that were never sent may be flagged after a
// crash.
constexpr Seq least_claim_ahead = 64;
constexpr Seq most_claim_ahead = 4000;
constexpr Seq fetches_claimed_ahead = 8;
constexpr std::size_t most_missing = 500;
// A sweep reads the numbers of all rows that wait; it may take a twentieth of the time.
constexpr Duration least_between_sweeps = std::chrono::seconds{1};
constexpr int sweep_share = 20;
constexpr Duration between_resolves = std::chrono::seconds{1};
// The server tells in whole seconds when a transaction began, and in a list that may be a moment old.
constexpr Duration doubtful_age = std::chrono::seconds{3};
// Without the right to see transactions: those that are open for longer may be seen out of their order.
constexpr Duration longest_transaction = std::chrono::seconds{60};

constexpr std::string_view fetching = "can't fetch";
constexpr std::string_view finding_due = "can't look for due retries";

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
  if (messages.size() >= limit.messages || (!messages.empty() && sum > limit.bytes)) return false;
  bytes = sum;
  return true;
}

// What a row takes, without its payload being loaded.
#define WAYBILL_MYSQL_ROW_SIZE \
  "LENGTH(payload) + LENGTH(id) + LENGTH(topic) + IFNULL(LENGTH(`key`), 0) + IFNULL(LENGTH(headers), 0)"

Values values_of(const std::vector<Seq>& seqs) { return {seqs.begin(), seqs.end()}; }

}  // namespace

Result<Fetched> MysqlLane::read_claims(const std::vector<Seq>& seqs, Origin origin, FetchLimit limit) {
  Fetched fetched;
  if (seqs.empty()) return fetched;
  auto values = values_of(seqs);
  values.insert(values.begin(), static_cast<std::int64_t>(max_payload_));
  auto rows = connection_.query("SELECT " WAYBILL_MYSQL_MESSAGE_COLUMNS " FROM waybill_outbox WHERE seq IN (" +
                                    placeholders(seqs.size()) + ") ORDER BY seq",
                                values, fetching);
  if (!rows) return give_up(rows.error());
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < rows->count(); ++row) {
    auto read = read_message(*rows, row, max_payload_);
    if (!has_room(fetched.messages, bytes, read.message, limit)) {
      fetched.more = true;
      break;
    }
    auto claimed = claimed_of(std::move(read), origin);
    if (static_cast<Seq>(claimed.ticket.value) <= formerly_claimed_) claimed.attempt = 2;
    fetched.messages.push_back(std::move(claimed));
  }
  return fetched;
}

bool MysqlLane::looks_behind_everywhere() const {
  return unknown_since_ || std::chrono::steady_clock::now() >= next_sweep_;
}

// One statement, so one snapshot: who committed before another is seen when the other is.
Result<std::vector<Seq>> MysqlLane::next_rows(FetchLimit limit, bool& more) {
  const auto not_parked = " AND NOT EXISTS (SELECT 1 FROM waybill_parked AS p WHERE p.seq = o.seq)";
  const bool everywhere = looks_behind_everywhere();
  std::string sql =
      std::string{"(SELECT seq, " WAYBILL_MYSQL_ROW_SIZE " AS size FROM waybill_outbox AS o WHERE seq > ?"} +
      not_parked + " ORDER BY seq LIMIT " + std::to_string(limit.messages) + ")";
  Values values{cursor_};
  if (everywhere) {
    sql += std::string{" UNION ALL (SELECT seq, " WAYBILL_MYSQL_ROW_SIZE " FROM waybill_outbox AS o WHERE seq <= ?"} +
           not_parked + ")";
    values.emplace_back(cursor_);
  } else if (!missing_.empty()) {
    sql += " UNION ALL (SELECT seq, " WAYBILL_MYSQL_ROW_SIZE " FROM waybill_outbox WHERE seq IN (" +
           placeholders(missing_.size()) + "))";
    for (const auto& [seq, since] : missing_) values.emplace_back(seq);
  }
  const MonoTime begun = std::chrono::steady_clock::now();
  auto rows = connection_.query(sql + " ORDER BY seq", values, fetching);
  if (!rows) return rows.error();
  const MonoTime ended = std::chrono::steady_clock::now();
  if (everywhere) next_sweep_ = ended + std::max<Duration>(least_between_sweeps, (ended - begun) * sweep_share);
  std::vector<Seq> seqs;
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < rows->count(); ++row) {
    const auto seq = rows->number(row, 0);
    if (outbox_out_.contains(seq)) continue;
    bytes += static_cast<std::size_t>(rows->number(row, 1));
    more = seqs.size() >= limit.messages || (!seqs.empty() && bytes > limit.bytes);
    if (more) break;
    seqs.push_back(seq);
  }
  more = more || seqs.size() >= limit.messages;
  return seqs;
}

Result<Fetched> MysqlLane::fetch(FetchLimit limit) {
  if (limit.messages == 0) last_proof_ = MonoTime{};
  if (auto owner = prove_ownership(); !owner) return owner.error();
  if (limit.messages == 0) return Fetched{};
  if (auto resolved = resolve_missing(); !resolved) return give_up(resolved.error());
  bool more = false;
  auto seqs = next_rows(limit, more);
  if (!seqs) return give_up(seqs.error());
  auto fetched = read_claims(*seqs, Origin::fresh, limit);
  if (fetched && fetched->messages.empty() && cursor_ < parked_until_) {
    // All that is seen up to there is parked; what is not seen yet is looked for behind the cursor.
    cursor_ = parked_until_;
    unknown_since_ = std::chrono::steady_clock::now();
  }
  if (!fetched || fetched->messages.empty()) return fetched;
  fetched->more = fetched->more || more;
  seqs->resize(fetched->messages.size());
  note_missing(*seqs);
  claim_ahead_ =
      std::clamp(static_cast<Seq>(seqs->size()) * fetches_claimed_ahead, least_claim_ahead, most_claim_ahead);
  if (auto stored = claim(seqs->back()); !stored) return stored.error();
  cursor_ = std::max(cursor_, seqs->back());
  for (const auto seq : *seqs) {
    outbox_out_.insert(seq);
    missing_.erase(seq);
  }
  last_news_ = std::chrono::steady_clock::now();
  return fetched;
}

void MysqlLane::note_missing(const std::vector<Seq>& seqs) {
  const MonoTime now = std::chrono::steady_clock::now();
  Seq expected = cursor_ + 1;
  if (cursor_ == 0) {
    unknown_since_ = now;  // who knows what is open below the first
    expected = seqs.front();
  }
  for (const auto seq : seqs) {
    for (; expected < seq; ++expected) {
      if (missing_.size() >= most_missing) {
        unknown_since_ = now;
        break;
      }
      missing_.emplace(expected, now);
    }
    expected = std::max(expected, seq + 1);
  }
}

Status MysqlLane::resolve_missing() {
  const MonoTime now = std::chrono::steady_clock::now();
  if ((missing_.empty() && !unknown_since_) || now < next_resolve_) return {};
  next_resolve_ = now + between_resolves;
  Duration oldest = longest_transaction;
  if (sees_transactions_) {
    auto rows = connection_.query(
        "SELECT IFNULL(TIMESTAMPDIFF(SECOND, MIN(trx_started), NOW()), 0) FROM information_schema.innodb_trx WHERE "
        "trx_rows_modified > 0 OR trx_query IS NOT NULL",
        {}, "can't look for open transactions");
    if (rows) {
      oldest = std::chrono::seconds{std::max<std::int64_t>(rows->number(0, 0), 0)};
    } else if (rows.error().code() == ErrorCode::unauthorized) {
      sees_transactions_ = false;
    } else {
      return rows.error();
    }
  }
  const MonoTime settled = now - oldest - doubtful_age;
  std::erase_if(missing_, [&](const auto& entry) { return entry.second < settled; });
  if (unknown_since_ && *unknown_since_ < settled) unknown_since_.reset();
  return {};
}

Status MysqlLane::claim(Seq seq) {
  const Seq ahead = std::max(claimed_, seq <= claimed_ ? claimed_ : seq + claim_ahead_);
  auto stored = connection_.run(
      "UPDATE waybill_lane SET claimed = ?, fetches = fetches + 1, clean = 0 WHERE lane = 0 AND fence = ?",
      {ahead, fence_}, fetching);
  if (!stored) return give_up(stored.error());
  if (auto owner = require_owner(); !owner) return give_up(owner.error());
  claimed_ = ahead;
  return {};
}

Result<Due> MysqlLane::due(LaneTime now, FetchLimit limit) {
  if (limit.messages == 0) last_proof_ = MonoTime{};
  if (auto owner = prove_ownership(); !owner) return owner.error();
  store::DuePosition last;
  auto fetched = hand_out_retries("due_ms <= ?", {now.ms}, limit, last);
  if (!fetched) return give_up(fetched.error());
  Due due;
  due.messages = std::move(fetched->messages);
  due.more = fetched->more;
  auto waiting = connection_.query(
      "SELECT EXISTS (SELECT 1 FROM waybill_retry WHERE state = 'sending' AND due_ms > ? AND reason <> "
      "'route_stopped')",
      {now.ms}, finding_due);
  if (!waiting) return give_up(waiting.error());
  due.waiting = waiting->number(0, 0) != 0;
  if (auto found = find_released(due); !found) return give_up(found.error());
  return due;
}

Result<Fetched> MysqlLane::set_aside(const std::string& route, FetchLimit limit) {
  if (auto owner = prove_ownership(); !owner) return owner.error();
  auto& last = set_aside_at_[route];
  // Not as a comparison of pairs: for that MariaDB would read the index from its beginning.
  auto fetched = hand_out_retries("reason = 'set_aside' AND route = ? AND due_ms >= ? AND (due_ms > ? OR seq > ?)",
                                  {route, last.due_ms, last.due_ms, last.seq}, limit, last);
  if (!fetched) return give_up(fetched.error());
  if (!fetched->more) set_aside_at_.erase(route);
  return fetched;
}

Result<Fetched> MysqlLane::hand_out_retries(const std::string& condition, const Values& chosen, FetchLimit limit,
                                            store::DuePosition& last) {
  std::string where = "FROM waybill_retry WHERE state = 'sending' AND " + condition;
  Values values{static_cast<std::int64_t>(max_payload_)};
  values.insert(values.end(), chosen.begin(), chosen.end());
  if (!retries_out_.empty()) {
    where += " AND seq NOT IN (" + placeholders(retries_out_.size()) + ")";
    for (const auto seq : retries_out_) values.emplace_back(seq);
  }
  const auto asked = std::min<std::size_t>(limit.messages, 500);
  auto rows = connection_.query("SELECT " WAYBILL_MYSQL_MESSAGE_COLUMNS ", attempts, tries, claimed, reason, due_ms " +
                                    where + " ORDER BY due_ms, seq LIMIT " + std::to_string(asked),
                                values, finding_due);
  if (!rows) return rows.error();
  Fetched fetched;
  std::size_t bytes = 0;
  Values first_time;
  for (std::size_t row = 0; row < rows->count(); ++row) {
    auto read = read_message(*rows, row, max_payload_);
    if (!has_room(fetched.messages, bytes, read.message, limit)) break;
    auto claimed = claimed_of(std::move(read), Origin::retry);
    const auto attempts = static_cast<std::uint32_t>(rows->number(row, first_own_column));
    const bool maybe_sent = rows->number(row, first_own_column + 2) != 0;
    claimed.attempt = std::max(attempts + 1, maybe_sent ? 2U : 1U);
    claimed.tries = static_cast<std::uint32_t>(rows->number(row, first_own_column + 1));
    if (claimed.defect.empty()) claimed.reason = rows->text(row, first_own_column + 3);
    if (claimed.attempt == 1) first_time.emplace_back(static_cast<Seq>(claimed.ticket.value));
    last = {rows->number(row, first_own_column + 4), static_cast<Seq>(claimed.ticket.value)};
    fetched.messages.push_back(std::move(claimed));
  }
  fetched.more = fetched.messages.size() < rows->count() || (asked > 0 && rows->count() == asked);
  if (auto claimed = claim_first_time(first_time); !claimed) return claimed.error();
  for (const auto& claimed : fetched.messages) retries_out_.insert(static_cast<Seq>(claimed.ticket.value));
  return fetched;
}

// That they may have been sent has to be stored before they are.
Status MysqlLane::claim_first_time(const Values& seqs) {
  if (seqs.empty()) return {};
  auto stored = connection_.run("UPDATE waybill_retry SET claimed = 1 WHERE seq IN (" + placeholders(seqs.size()) + ")",
                                seqs, finding_due);
  if (!stored) return stored;
  stored = connection_.run("UPDATE waybill_lane SET clean = 0 WHERE lane = 0 AND fence = ?", {fence_}, finding_due);
  return stored ? require_owner() : stored;
}

Status MysqlLane::find_released(Due& due) {
  if (scopes_.empty()) return {};
  auto released = connection_.query(
      // In two, since an OR of both would read all of a route's retries for each of its keys.
      "(SELECT route, keyed, `key` FROM waybill_blocked_scope AS s WHERE keyed = 1 AND NOT EXISTS (SELECT 1 FROM "
      "waybill_retry AS r WHERE r.route = s.route AND r.`key` = s.`key` AND r.blocks = 1 AND r.state <> 'dropped') "
      "LIMIT 1000) UNION ALL (SELECT route, keyed, `key` FROM waybill_blocked_scope AS s WHERE keyed = 0 AND NOT "
      "EXISTS (SELECT 1 FROM waybill_retry AS r WHERE r.blocks = 1 AND r.route = s.route AND r.state = 'failed') "
      "LIMIT 1000)",
      {}, finding_due);
  if (!released) return released.error();
  for (std::size_t row = 0; row < released->count(); ++row) {
    Scope scope{released->text(row, 0), std::nullopt};
    if (released->number(row, 1) != 0) scope.key = released->text(row, 2);
    due.released.push_back(std::move(scope));
  }
  return {};
}

Result<Fetched> MysqlLane::backlog(const Scope& scope, FetchLimit limit) {
  if (auto owner = prove_ownership(); !owner) return owner.error();
  const auto blocked = scopes_.find(scope);
  if (blocked == scopes_.end() || limit.messages == 0) return Fetched{};
  auto& position = backlog_at_.try_emplace(scope, blocked->second).first->second;
  Values values{scope.route, std::max(position, blocked->second)};
  std::string where = "FROM waybill_outbox JOIN waybill_parked AS p USING (seq) WHERE p.route = ? AND seq > ?";
  if (scope.key) {
    where += " AND p.`key` = ?";
    values.emplace_back(*scope.key);
  }
  const auto numbers = connection_.query(
      "SELECT seq, LENGTH(payload) " + where + " ORDER BY seq LIMIT " + std::to_string(limit.messages), values,
      "can't read a backlog");
  if (!numbers) return give_up(numbers.error());
  std::vector<Seq> seqs;
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < numbers->count(); ++row) {
    bytes += static_cast<std::size_t>(numbers->number(row, 1));
    if (row > 0 && bytes > limit.bytes) break;
    seqs.push_back(numbers->number(row, 0));
  }
  auto fetched = read_claims(seqs, Origin::backlog, limit);
  if (!fetched || fetched->messages.empty()) return fetched;
  fetched->more = fetched->more || seqs.size() < numbers->count() || numbers->count() >= limit.messages;
  const auto last = static_cast<Seq>(fetched->messages.back().ticket.value);
  if (auto stored = claim(last); !stored) return stored.error();
  for (const auto& claimed : fetched->messages) outbox_out_.insert(static_cast<Seq>(claimed.ticket.value));
  position = last;
  return fetched;
}

}  // namespace waybill::mysql
