#include "store/mysql/settlement.hpp"

#include <algorithm>
#include <chrono>

namespace waybill::mysql {
namespace {

using store::Origin;
using store::ScopeChange;
using store::Settlement;
using store::Verdict;

constexpr std::string_view settling = "can't settle";
constexpr std::size_t rows_a_statement = 1000;
// A deadlock or a lock wait undoes the transaction: nothing of it has happened.
constexpr int most_tries = 3;

Seq row_of(store::Ticket ticket) { return static_cast<Seq>(ticket.value); }

}  // namespace

SettlementWriter::SettlementWriter(Connection& connection, BlockedScopes& scopes, Owner owner)
    : connection_(connection), scopes_(scopes), owner_(owner), now_ms_(wall_ms()) {}

Status SettlementWriter::change_scope(const ScopeChange& change) {
  auto after = row_of(change.behind);
  const auto known = scopes_.find(change.scope);
  if (change.kind == ScopeChange::Kind::advance) {
    if (known == scopes_.end()) return {};
    after = std::max(after, known->second);
  }
  const std::int64_t keyed = change.scope.key ? 1 : 0;
  const auto key = change.scope.key.value_or("");
  if (change.kind == ScopeChange::Kind::release) {
    scopes_.erase(change.scope);
    return connection_.run("DELETE FROM waybill_blocked_scope WHERE route = ? AND keyed = ? AND `key` = ?",
                           {change.scope.route, keyed, key}, settling);
  }
  scopes_[change.scope] = after;
  return connection_.run("REPLACE INTO waybill_blocked_scope (route, keyed, `key`, after_seq) VALUES (?, ?, ?, ?)",
                         {change.scope.route, keyed, key, after}, settling);
}

Status SettlementWriter::settle(const Settlement& settlement) {
  switch (settlement.verdict) {
    case Verdict::confirmed:
    case Verdict::dropped:
      return remove(settlement);
    case Verdict::retry:
      return keep(settlement, "sending", settlement.due_at.ms);
    case Verdict::failed:
      return keep(settlement, "failed", 0);
    case Verdict::parked:
      return park(settlement);
  }
  return {};
}

Status SettlementWriter::remove(const Settlement& settlement) {
  const bool dropped = settlement.verdict == Verdict::dropped;
  if (settlement.origin != Origin::retry) {
    if (dropped) {
      if (auto kept = remember(settlement, "waybill_outbox", "dropped"); !kept) return kept;
    }
    was_parked_ = was_parked_ || settlement.origin == Origin::backlog;
    settled_.push_back(row_of(settlement.ticket));
    return {};
  }
  if (auto kept = remember(settlement, "waybill_retry", dropped ? "dropped" : "confirmed"); !kept) return kept;
  return connection_.run("DELETE FROM waybill_retry WHERE seq = ?", {row_of(settlement.ticket)}, settling);
}

Status SettlementWriter::keep(const Settlement& settlement, std::string_view state, std::int64_t due_ms) {
  const bool is_new = settlement.origin != Origin::retry;
  const bool maybe_sent = is_new && row_of(settlement.ticket) <= owner_.formerly_claimed;
  const std::int64_t attempts = std::max<std::int64_t>(settlement.attempt, maybe_sent ? 1 : 0);
  const Values values{state,
                      settlement.route,
                      std::int64_t{settlement.blocks ? 1 : 0},
                      attempts,
                      std::int64_t{settlement.tries},
                      due_ms,
                      settlement.reason,
                      settlement.answer,
                      now_ms_,
                      row_of(settlement.ticket)};
  auto written =
      is_new
          ? connection_.run(
                "REPLACE INTO waybill_retry (state, route, blocks, attempts, tries, claimed, due_ms, reason, answer, "
                "changed_at, seq, id, topic, `key`, headers, content_type, not_before, created_at, payload) "
                "SELECT ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, seq, id, topic, CASE WHEN LENGTH(`key`) <= 255 THEN `key` END, "
                "headers, content_type, not_before, created_at, payload FROM waybill_outbox WHERE seq = ?",
                values, settling)
          : connection_.run(
                "UPDATE waybill_retry SET state = ?, route = ?, blocks = ?, attempts = ?, tries = ?, claimed = 0, "
                "due_ms = ?, reason = ?, answer = ?, changed_at = ? WHERE seq = ?",
                values, settling);
  if (!written) return written;
  if (is_new) {
    was_parked_ = was_parked_ || settlement.origin == Origin::backlog;
    settled_.push_back(row_of(settlement.ticket));
  }
  return settlement.is_put_off() ? Status{} : remember(settlement, "waybill_retry", settlement.reason);
}

Status SettlementWriter::park(const Settlement& settlement) {
  auto row = connection_.query("SELECT CASE WHEN LENGTH(`key`) <= 255 THEN `key` END FROM waybill_outbox WHERE seq = ?",
                               {row_of(settlement.ticket)}, settling);
  if (!row) return row.error();
  if (row->empty()) return {};
  const auto key = row->optional_text(0, 0);
  const auto waits_behind = [&](const store::Scope& scope) {
    const auto blocked = scopes_.find(scope);
    return blocked != scopes_.end() && row_of(settlement.ticket) > blocked->second;
  };
  if (!waits_behind({settlement.route, key}) && !waits_behind({settlement.route, std::nullopt})) {
    // It became visible so late that its scope's backlog has gone past it: no backlog would ever hand it out.
    auto late = settlement;
    late.reason = "delayed";
    return keep(late, "sending", owner_.now.ms);
  }
  return connection_.run("REPLACE INTO waybill_parked (seq, route, `key`) VALUES (?, ?, ?)",
                         {row_of(settlement.ticket), settlement.route, key}, settling);
}

Status SettlementWriter::remember(const Settlement& settlement, const char* table, std::string_view outcome) {
  return connection_.run(
      std::string{"INSERT INTO waybill_attempt (id, at, attempt, outcome, answer, endpoint, relay) SELECT id, ?, ?, ?, "
                  "?, ?, ? FROM "} +
          table + " WHERE seq = ?",
      {now_ms_, std::int64_t{settlement.attempt}, outcome, settlement.answer, settlement.endpoint, owner_.holder,
       row_of(settlement.ticket)},
      settling);
}

// Row by row, each found by its number alone: a scan of a range, or of a small table, would stop at the rows that
// services have not committed yet, and wait for them.
Status SettlementWriter::delete_some(const std::string& table, std::span<const Seq> seqs) {
  std::string numbers;
  for (const auto seq : seqs)
    numbers +=
        (numbers.empty() ? "SELECT " : " UNION ALL SELECT ") + std::to_string(seq) + (numbers.empty() ? " AS seq" : "");
  return connection_.run("DELETE o FROM (" + numbers + ") AS done STRAIGHT_JOIN " + table + " AS o ON o.seq = done.seq",
                         {}, settling);
}

Status SettlementWriter::delete_settled() {
  std::sort(settled_.begin(), settled_.end());
  const std::span<const Seq> all{settled_};
  for (std::size_t at = 0; at < all.size(); at += rows_a_statement) {
    const auto some = all.subspan(at, std::min(rows_a_statement, all.size() - at));
    if (auto deleted = delete_some("waybill_outbox", some); !deleted) return deleted;
    if (!was_parked_) continue;
    if (auto deleted = delete_some("waybill_parked", some); !deleted) return deleted;
  }
  return {};
}

Status MysqlLane::check_tickets(const store::SettleBatch& batch) const {
  std::unordered_set<Seq> unanswered;  // may be settled a second time in the same batch
  for (const auto& settlement : batch.messages) {
    const auto seq = row_of(settlement.ticket);
    if (settlement.unanswered) unanswered.insert(seq);
    const bool known = settlement.origin == Origin::retry ? retries_out_.contains(seq) || unanswered.contains(seq)
                                                          : outbox_out_.contains(seq);
    if (known) continue;
    return Error{ErrorCode::refused, "message " + std::to_string(seq) + " was not handed out, or is settled already"};
  }
  return {};
}

Result<store::SettleReport> MysqlLane::settle(const store::SettleBatch& batch) {
  if (broken_) return lost();
  if (auto known = check_tickets(batch); !known) return known.error();
  const auto scopes = scopes_;
  for (int tries = 1;; ++tries) {
    auto written = write_batch(batch);
    if (written) break;
    scopes_ = scopes;
    if (written.error().code() != ErrorCode::busy || tries == most_tries) return give_up(written.error());
  }
  for (const auto& settlement : batch.messages) {
    const auto seq = row_of(settlement.ticket);
    (settlement.origin == Origin::retry ? retries_out_ : outbox_out_).erase(seq);
    if (settlement.unanswered) retries_out_.insert(seq);
    if (settlement.origin == Origin::fresh) ++durable_fresh_;
  }
  for (const auto& change : batch.scopes) {
    if (change.kind != ScopeChange::Kind::advance) backlog_at_.erase(change.scope);
  }
  last_proof_ = std::chrono::steady_clock::now();
  return store::SettleReport{durable_fresh_};
}

Status MysqlLane::write_batch(const store::SettleBatch& batch) {
  auto transaction = Transaction::begin(connection_, settling);
  if (!transaction) return transaction.error();
  if (auto written = write_position(batch); !written) return written;
  SettlementWriter writer{connection_, scopes_, {holder_, formerly_claimed_, batch.now}};
  for (const auto& change : batch.scopes) {
    if (auto changed = writer.change_scope(change); !changed) return changed;
  }
  for (const auto& settlement : batch.messages) {
    if (auto settled = writer.settle(settlement); !settled) return settled;
  }
  if (auto deleted = writer.delete_settled(); !deleted) return deleted;
  if (batch.clean_stop) {
    // What an owner before this one may have sent keeps its flag for as long as it waits here, parked or not read
    // again.
    auto stopped = connection_.run(
        "UPDATE waybill_lane SET clean = 1, claimed = CASE WHEN EXISTS (SELECT 1 FROM waybill_outbox WHERE seq <= ?) "
        "THEN ? ELSE 0 END WHERE lane = 0",
        {formerly_claimed_, formerly_claimed_}, settling);
    if (!stopped) return stopped;
  }
  if (auto committed = transaction->commit(settling); !committed) return committed;
  if (batch.clean_stop) claimed_ = 0;
  return {};
}

Status MysqlLane::write_position(const store::SettleBatch& batch) {
  const auto suspect = batch.suspect ? Value{row_of(*batch.suspect)} : Value{nullptr};
  auto updated = connection_.run(
      "UPDATE waybill_lane SET clock_ms = GREATEST(clock_ms, ?), suspect = CASE WHEN suspect = ? THEN suspect END "
      "WHERE lane = 0 AND fence = ?",
      {batch.now.ms, suspect, fence_}, settling);
  return updated ? require_owner() : updated;
}

}  // namespace waybill::mysql
