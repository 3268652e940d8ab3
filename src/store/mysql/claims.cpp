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
// A number that is missing for so long was most likely rolled back; if not, the next sweep finds it.
constexpr Duration missing_is_young = std::chrono::seconds{5};
constexpr std::size_t most_missing = 1000;
// A sweep reads the numbers of all rows that wait; it may take a twentieth of the time.
constexpr Duration least_between_sweeps = std::chrono::seconds{1};
constexpr int sweep_share = 20;

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

/// How many rows fit, and whether there are more.
struct Fitting {
  std::size_t count = 0;
  bool more = false;
};

/// Goes by the rows' lengths alone: payloads are not loaded in vain.
Result<Fitting> count_fitting(Connection& connection, const std::string& where, const Values& values,
                              FetchLimit limit) {
  auto lengths = connection.query(
      "SELECT LENGTH(payload) + LENGTH(id) + LENGTH(topic) + IFNULL(LENGTH(`key`), 0) + IFNULL(LENGTH(headers), 0) " +
          where,
      values, fetching);
  if (!lengths) return lengths.error();
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < lengths->count(); ++row) {
    bytes += static_cast<std::size_t>(lengths->number(row, 0));
    if (row > 0 && bytes > limit.bytes) return Fitting{row, true};
  }
  return Fitting{lengths->count(), lengths->count() >= limit.messages};
}

}  // namespace

Result<Fetched> MysqlLane::read_claims(const std::string& where, const Values& values, Origin origin,
                                       FetchLimit limit) {
  const auto wanted = where + " ORDER BY seq LIMIT ";
  auto fitting = count_fitting(connection_, wanted + std::to_string(limit.messages), values, limit);
  if (!fitting) return give_up(fitting.error());
  Fetched fetched;
  if (fitting->count == 0) return fetched;
  Values with_limit{static_cast<std::int64_t>(max_payload_)};
  with_limit.insert(with_limit.end(), values.begin(), values.end());
  auto rows = connection_.query("SELECT " WAYBILL_MYSQL_MESSAGE_COLUMNS " " + wanted + std::to_string(fitting->count),
                                with_limit, fetching);
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
  fetched.more = fetched.more || fitting->more || fetched.messages.size() < fitting->count;
  return fetched;
}

Result<std::vector<Seq>> MysqlLane::late_rows() {
  std::vector<Seq> late;
  const auto add = [&](const Rows& rows) {
    for (std::size_t row = 0; row < rows.count(); ++row) {
      if (!outbox_out_.contains(rows.number(row, 0))) late.push_back(rows.number(row, 0));
    }
  };
  const MonoTime begun = std::chrono::steady_clock::now();
  if (begun >= next_sweep_) {
    auto rows = connection_.query(
        "SELECT seq FROM waybill_outbox AS o WHERE seq <= ? AND NOT EXISTS (SELECT 1 FROM waybill_parked AS p WHERE "
        "p.seq = o.seq) ORDER BY seq",
        {cursor_}, fetching);
    if (!rows) return rows.error();
    add(*rows);
    const MonoTime ended = std::chrono::steady_clock::now();
    next_sweep_ = ended + std::max<Duration>(least_between_sweeps, (ended - begun) * sweep_share);
  } else if (!missing_.empty()) {
    Values values;
    for (const auto& [seq, since] : missing_) values.emplace_back(seq);
    auto rows = connection_.query(
        "SELECT seq FROM waybill_outbox WHERE seq IN (" + placeholders(values.size()) + ") ORDER BY seq", values,
        fetching);
    if (!rows) return rows.error();
    add(*rows);
  }
  return late;
}

Result<Fetched> MysqlLane::fetch(FetchLimit limit) {
  if (limit.messages == 0) last_proof_ = MonoTime{};
  if (auto owner = prove_ownership(); !owner) return owner.error();
  if (limit.messages == 0) return Fetched{};
  forget_old_missing();
  auto late = late_rows();
  if (!late) return give_up(late.error());
  Fetched fetched;
  if (!late->empty()) {
    late->resize(std::min(late->size(), limit.messages));
    Values values;
    for (const auto seq : *late) values.emplace_back(seq);
    auto read = read_claims("FROM waybill_outbox WHERE seq IN (" + placeholders(values.size()) + ")", values,
                            Origin::fresh, limit);
    if (!read) return read;
    fetched = std::move(*read);
    fetched.more = true;  // the next fetch goes on behind the cursor
  } else {
    auto read = read_claims(
        "FROM waybill_outbox AS o WHERE seq > ? AND NOT EXISTS (SELECT 1 FROM waybill_parked AS p WHERE p.seq = o.seq)",
        {cursor_}, Origin::fresh, limit);
    if (!read || read->messages.empty()) return read;
    fetched = std::move(*read);
    note_missing(fetched);
  }
  const auto last = static_cast<Seq>(fetched.messages.back().ticket.value);
  claim_ahead_ = std::clamp(static_cast<Seq>(fetched.messages.size()) * fetches_claimed_ahead, least_claim_ahead,
                            most_claim_ahead);
  if (auto stored = claim(last); !stored) return stored.error();
  cursor_ = std::max(cursor_, last);
  for (const auto& claimed : fetched.messages) {
    const auto seq = static_cast<Seq>(claimed.ticket.value);
    outbox_out_.insert(seq);
    missing_.erase(seq);
  }
  last_news_ = std::chrono::steady_clock::now();
  return fetched;
}

// Before a first fetch nothing is known to be missing: the sweep looks from the first row on.
void MysqlLane::note_missing(const Fetched& fetched) {
  const MonoTime now = std::chrono::steady_clock::now();
  Seq expected = cursor_ == 0 ? static_cast<Seq>(fetched.messages.front().ticket.value) : cursor_ + 1;
  for (const auto& claimed : fetched.messages) {
    const auto seq = static_cast<Seq>(claimed.ticket.value);
    for (; expected < seq && missing_.size() < most_missing; ++expected) missing_.emplace(expected, now);
    expected = seq + 1;
  }
}

void MysqlLane::forget_old_missing() {
  const MonoTime now = std::chrono::steady_clock::now();
  std::erase_if(missing_, [&](const auto& entry) { return now - entry.second > missing_is_young; });
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
  Due due;
  std::string where = "FROM waybill_retry WHERE state = 'sending' AND due_ms <= ?";
  Values values{static_cast<std::int64_t>(max_payload_), now.ms};
  if (!retries_out_.empty()) {
    where += " AND seq NOT IN (" + placeholders(retries_out_.size()) + ")";
    for (const auto seq : retries_out_) values.emplace_back(seq);
  }
  const auto asked = std::min<std::size_t>(limit.messages, 500);
  auto rows = connection_.query("SELECT " WAYBILL_MYSQL_MESSAGE_COLUMNS ", attempts, tries, claimed, reason " + where +
                                    " ORDER BY due_ms, seq LIMIT " + std::to_string(asked),
                                values, finding_due);
  if (!rows) return give_up(rows.error());
  std::size_t bytes = 0;
  Values first_time;
  for (std::size_t row = 0; row < rows->count(); ++row) {
    auto read = read_message(*rows, row, max_payload_);
    if (!has_room(due.messages, bytes, read.message, limit)) break;
    auto claimed = claimed_of(std::move(read), Origin::retry);
    const auto attempts = static_cast<std::uint32_t>(rows->number(row, first_own_column));
    const bool maybe_sent = rows->number(row, first_own_column + 2) != 0;
    claimed.attempt = std::max(attempts + 1, maybe_sent ? 2U : 1U);
    claimed.tries = static_cast<std::uint32_t>(rows->number(row, first_own_column + 1));
    if (claimed.defect.empty()) claimed.reason = rows->text(row, first_own_column + 3);
    if (claimed.attempt == 1) first_time.emplace_back(static_cast<Seq>(claimed.ticket.value));
    due.messages.push_back(std::move(claimed));
  }
  due.more = due.messages.size() < rows->count() || (asked > 0 && rows->count() == asked);
  if (!first_time.empty()) {
    // That they may have been sent has to be stored before they are.
    auto stored =
        connection_.run("UPDATE waybill_retry SET claimed = 1 WHERE seq IN (" + placeholders(first_time.size()) + ")",
                        first_time, finding_due);
    if (stored) {
      stored = connection_.run("UPDATE waybill_lane SET clean = 0 WHERE lane = 0 AND fence = ?", {fence_}, finding_due);
    }
    if (!stored) return give_up(stored.error());
    if (auto owner = require_owner(); !owner) return give_up(owner.error());
  }
  auto waiting = connection_.query(
      "SELECT EXISTS (SELECT 1 FROM waybill_retry WHERE state = 'sending' AND due_ms > ? AND reason <> "
      "'route_stopped')",
      {now.ms}, finding_due);
  if (!waiting) return give_up(waiting.error());
  due.waiting = waiting->number(0, 0) != 0;
  if (!scopes_.empty()) {
    auto released = connection_.query(
        "SELECT route, keyed, `key` FROM waybill_blocked_scope AS s WHERE NOT EXISTS (SELECT 1 FROM waybill_retry AS r "
        "WHERE r.blocks = 1 AND r.route = s.route AND ((s.keyed = 0 AND r.state = 'failed') OR (s.keyed = 1 AND "
        "r.`key` = s.`key` AND r.state <> 'dropped'))) LIMIT 1000",
        {}, finding_due);
    if (!released) return give_up(released.error());
    for (std::size_t row = 0; row < released->count(); ++row) {
      Scope scope{released->text(row, 0), std::nullopt};
      if (released->number(row, 1) != 0) scope.key = released->text(row, 2);
      due.released.push_back(std::move(scope));
    }
  }
  for (const auto& claimed : due.messages) retries_out_.insert(static_cast<Seq>(claimed.ticket.value));
  return due;
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
  // The names of the columns are the outbox's.
  const auto numbers = connection_.query(
      "SELECT seq " + where + " ORDER BY seq LIMIT " + std::to_string(limit.messages), values, "can't read a backlog");
  if (!numbers) return give_up(numbers.error());
  if (numbers->empty()) return Fetched{};
  Values seqs;
  for (std::size_t row = 0; row < numbers->count(); ++row) seqs.emplace_back(numbers->number(row, 0));
  auto fetched =
      read_claims("FROM waybill_outbox WHERE seq IN (" + placeholders(seqs.size()) + ")", seqs, Origin::backlog, limit);
  if (!fetched || fetched->messages.empty()) return fetched;
  fetched->more = fetched->more || numbers->count() >= limit.messages;
  const auto last = static_cast<Seq>(fetched->messages.back().ticket.value);
  if (auto stored = claim(last); !stored) return stored.error();
  for (const auto& claimed : fetched->messages) outbox_out_.insert(static_cast<Seq>(claimed.ticket.value));
  position = last;
  return fetched;
}

}  // namespace waybill::mysql
