#include "store/sqlite/settlement.hpp"

#include <algorithm>
#include <chrono>

#include "store/sqlite/store.hpp"

namespace waybill::sqlite {
namespace {

using store::Origin;
using store::ScopeChange;
using store::Settlement;
using store::Verdict;

constexpr std::string_view settling = "can't settle";

// As read_message() reads it: a key over its limit is none.
#define WAYBILL_BOUNDED_KEY "CASE WHEN length(CAST(key AS BLOB)) <= 255 THEN key END"

constexpr std::int64_t no_row = 0;  // AUTOINCREMENT begins at 1

std::int64_t row_of(store::Ticket ticket) { return static_cast<std::int64_t>(ticket.value); }

constexpr std::string_view copy_to_retry =
    "INSERT OR REPLACE INTO waybill_retry (seq, state, route, blocks, attempts, tries, claimed, due_ms, reason, "
    "answer, "
    "changed_at, id, topic, key, headers, content_type, not_before, created_at, payload) "
    "SELECT seq, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9, ?10, id, topic, " WAYBILL_BOUNDED_KEY
    ", headers, content_type, not_before, created_at, payload FROM waybill_outbox WHERE seq = ?1";
constexpr std::string_view change_retry =
    "UPDATE waybill_retry SET state = ?2, route = ?3, blocks = ?4, attempts = ?5, tries = ?6, claimed = 0, due_ms = "
    "?7, "
    "reason = ?8, answer = ?9, changed_at = ?10 WHERE seq = ?1";
constexpr std::string_view remember_outbox_row =
    "INSERT INTO waybill_attempt (id, at, attempt, outcome, answer, endpoint, relay) "
    "SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM waybill_outbox WHERE seq = ?1";
constexpr std::string_view remember_retry_row =
    "INSERT INTO waybill_attempt (id, at, attempt, outcome, answer, endpoint, relay) "
    "SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM waybill_retry WHERE seq = ?1";
constexpr std::string_view key_of_row = "SELECT " WAYBILL_BOUNDED_KEY " FROM waybill_outbox WHERE seq = ?1";

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
  const bool release = change.kind == ScopeChange::Kind::release;
  auto statement = connection_.cached(
      release ? "DELETE FROM waybill_blocked_scope WHERE route = ?1 AND ifnull(key, x'') = ifnull(?2, x'')"
              : "INSERT INTO waybill_blocked_scope (route, key, after) VALUES (?1, ?2, ?3) "
                "ON CONFLICT (route, ifnull(key, x'')) DO UPDATE SET after = excluded.after",
      settling);
  if (!statement) return statement.error();
  (*statement)->bind(1, std::string_view{change.scope.route}).bind(2, change.scope.key);
  if (!release) (*statement)->bind(3, after);
  if (auto changed = (*statement)->run(settling); !changed) return changed;
  if (release) {
    scopes_.erase(change.scope);
  } else {
    scopes_[change.scope] = after;
  }
  return {};
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
      if (auto kept = remember(settlement, remember_outbox_row, "dropped"); !kept) return kept;
    }
    was_parked_ = was_parked_ || settlement.origin == Origin::backlog;
    settled_.push_back(row_of(settlement.ticket));
    return {};
  }
  if (auto kept = remember(settlement, remember_retry_row, dropped ? "dropped" : "confirmed"); !kept) return kept;
  auto statement = connection_.cached("DELETE FROM waybill_retry WHERE seq = ?1", settling);
  if (!statement) return statement.error();
  return (*statement)->bind(1, row_of(settlement.ticket)).run(settling);
}

Status SettlementWriter::keep(const Settlement& settlement, std::string_view state, std::int64_t due_ms) {
  auto there = update_retry(settlement, state, due_ms);
  if (!there) return there.error();
  if (settlement.origin != Origin::retry) {
    was_parked_ = was_parked_ || settlement.origin == Origin::backlog;
    settled_.push_back(row_of(settlement.ticket));
  }
  if (settlement.is_put_off()) return {};
  return remember(settlement, remember_retry_row, settlement.reason);
}

Result<bool> SettlementWriter::update_retry(const Settlement& settlement, std::string_view state, std::int64_t due_ms) {
  const bool is_new = settlement.origin != Origin::retry;
  auto statement = connection_.cached(is_new ? copy_to_retry : change_retry, settling);
  if (!statement) return statement.error();
  const bool maybe_sent = is_new && row_of(settlement.ticket) <= owner_.formerly_claimed;
  const std::int64_t attempts = std::max<std::int64_t>(settlement.attempt, maybe_sent ? 1 : 0);
  (*statement)->bind(1, row_of(settlement.ticket)).bind(2, state).bind(3, std::string_view{settlement.route});
  (*statement)->bind(4, std::int64_t{settlement.blocks}).bind(5, attempts).bind(6, std::int64_t{settlement.tries});
  (*statement)->bind(7, due_ms).bind(8, std::string_view{settlement.reason});
  (*statement)->bind(9, std::string_view{settlement.answer}).bind(10, now_ms_);
  if (auto changed = (*statement)->run(settling); !changed) return changed.error();
  return connection_.changes() == 1;
}

Status SettlementWriter::park(const Settlement& settlement) {
  auto row = connection_.cached(key_of_row, settling);
  if (!row) return row.error();
  auto there = (*row)->bind(1, row_of(settlement.ticket)).step(settling);
  if (!there) return there.error();
  if (!*there) return {};
  const auto key = (*row)->optional_text(0);
  (*row)->reset();
  const auto waits_behind = [&](const store::Scope& scope) {
    const auto blocked = scopes_.find(scope);
    return blocked != scopes_.end() && row_of(settlement.ticket) > blocked->second;
  };
  const bool waits = waits_behind({settlement.route, key}) || waits_behind({settlement.route, std::nullopt});
  if (!waits) {
    // No backlog would ever hand it out.
    auto late = settlement;
    late.reason = "delayed";
    return keep(late, "sending", owner_.now.ms);
  }
  auto parked =
      connection_.cached("INSERT OR REPLACE INTO waybill_parked (seq, route, key) VALUES (?1, ?2, ?3)", settling);
  if (!parked) return parked.error();
  (*parked)->bind(1, row_of(settlement.ticket)).bind(2, std::string_view{settlement.route}).bind(3, key);
  return (*parked)->run(settling);
}

Status SettlementWriter::remember(const Settlement& settlement, std::string_view statement, std::string_view outcome) {
  auto insert = connection_.cached(statement, settling);
  if (!insert) return insert.error();
  (*insert)->bind(1, row_of(settlement.ticket)).bind(2, now_ms_).bind(3, std::int64_t{settlement.attempt});
  (*insert)->bind(4, outcome).bind(5, std::string_view{settlement.answer});
  (*insert)->bind(6, std::string_view{settlement.endpoint}).bind(7, owner_.holder);
  return (*insert)->run(settling);
}

Status SettlementWriter::delete_settled() {
  std::sort(settled_.begin(), settled_.end());
  for (std::size_t at = 0; at < settled_.size();) {
    std::size_t end = at + 1;
    while (end < settled_.size() && settled_[end] <= settled_[end - 1] + 1) ++end;
    if (auto deleted = delete_range(settled_[at], settled_[end - 1]); !deleted) return deleted;
    at = end;
  }
  settled_.clear();
  return {};
}

Status SettlementWriter::delete_range(std::int64_t first, std::int64_t last) {
  for (const std::string_view sql : {std::string_view{"DELETE FROM waybill_outbox WHERE seq BETWEEN ?1 AND ?2"},
                                     std::string_view{"DELETE FROM waybill_parked WHERE seq BETWEEN ?1 AND ?2"}}) {
    auto statement = connection_.cached(sql, settling);
    if (!statement) return statement.error();
    if (auto deleted = (*statement)->bind(1, first).bind(2, last).run(settling); !deleted) return deleted;
    if (!was_parked_) break;
  }
  return {};
}

Result<store::SettleReport> SqliteLane::settle(const store::SettleBatch& batch) {
  if (broken_) return lost();
  if (auto written = write_batch(batch); !written) return give_up(written.error());
  for (const auto& settlement : batch.messages) {
    if (settlement.origin == Origin::retry) retries_out_.erase(row_of(settlement.ticket));
    if (settlement.unanswered) retries_out_.insert(row_of(settlement.ticket));
    if (settlement.origin == Origin::fresh) ++durable_fresh_;
  }
  for (const auto& change : batch.scopes) {
    if (change.kind != ScopeChange::Kind::advance) backlog_at_.erase(change.scope);
  }
  last_proof_ = std::chrono::steady_clock::now();
  return store::SettleReport{durable_fresh_};
}

Status SqliteLane::write_batch(const store::SettleBatch& batch) {
  auto transaction = Transaction::begin(connection_, settling);
  if (!transaction) return transaction.error();
  const auto claimed = claim_with_settlement();
  if (auto written = write_position(batch, claimed); !written) return written;
  SettlementWriter writer{connection_, scopes_, {holder_, formerly_claimed_, batch.now}};
  for (const auto& change : batch.scopes) {
    if (auto changed = writer.change_scope(change); !changed) return changed;
  }
  for (const auto& settlement : batch.messages) {
    if (auto settled = writer.settle(settlement); !settled) return settled;
  }
  if (auto deleted = writer.delete_settled(); !deleted) return deleted;
  if (batch.clean_stop) {
    if (auto written = write_clean_stop(); !written) return written;
  }
  if (auto committed = transaction->commit(settling); !committed) return committed;
  claimed_ = batch.clean_stop ? 0 : claimed;
  return {};
}

Status SqliteLane::write_position(const store::SettleBatch& batch, std::int64_t claimed) {
  auto update = connection_.cached(
      "UPDATE waybill_lane SET clock_ms = max(clock_ms, ?1), claimed = ?2, "
      "suspect = CASE WHEN suspect = ?4 THEN suspect END WHERE lane = 0 AND fence = ?3",
      settling);
  if (!update) return update.error();
  (*update)->bind(1, batch.now.ms).bind(2, claimed).bind(3, fence_);
  (*update)->bind(4, batch.suspect ? row_of(*batch.suspect) : no_row);
  if (auto updated = (*update)->run(settling); !updated) return updated;
  return require_owner();
}

Status SqliteLane::write_clean_stop() {
  // What an owner before this one may have sent keeps its flag for as long as it waits here, parked or not read again.
  auto update = connection_.cached(
      "UPDATE waybill_lane SET clean = 1, "
      "claimed = CASE WHEN EXISTS (SELECT 1 FROM waybill_outbox WHERE seq <= ?1) THEN ?1 ELSE 0 END WHERE lane = 0",
      settling);
  if (!update) return update.error();
  return (*update)->bind(1, formerly_claimed_).run(settling);
}

}  // namespace waybill::sqlite
