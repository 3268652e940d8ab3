#include "store/memory/settlement.hpp"

#include <algorithm>

namespace waybill::store::memory {
namespace {

class SettlementWriter {
 public:
  SettlementWriter(Tables& tables, std::uint32_t lane, const std::string& holder, LaneTime now)
      : tables_(tables), lane_(tables.lanes[lane]), number_(lane), holder_(holder), now_(now) {}

  void change_scope(const ScopeChange& change) {
    switch (change.kind) {
      case ScopeChange::Kind::block:
        lane_.blocked[change.scope] = change.behind.value;
        return;
      case ScopeChange::Kind::advance: {
        const auto scope = lane_.blocked.find(change.scope);
        if (scope != lane_.blocked.end()) scope->second = std::max(scope->second, change.behind.value);
        return;
      }
      case ScopeChange::Kind::release:
        lane_.blocked.erase(change.scope);
        return;
    }
  }

  void settle(const Settlement& settlement) {
    switch (settlement.verdict) {
      case Verdict::confirmed:
      case Verdict::dropped:
        remove(settlement);
        return;
      case Verdict::retry:
        keep(settlement, "sending", settlement.due_at.ms);
        return;
      case Verdict::failed:
        keep(settlement, "failed", 0);
        return;
      case Verdict::parked:
        park(settlement);
        return;
    }
  }

 private:
  void remove(const Settlement& settlement) {
    const auto sequence = settlement.ticket.value;
    const bool was_retried = settlement.origin == Origin::retry;
    if (was_retried || settlement.verdict == Verdict::dropped) {
      const auto& id = was_retried ? tables_.retry.at(sequence).message.id : tables_.outbox.at(sequence).message.id;
      remember(id, settlement, settlement.verdict == Verdict::dropped ? "dropped" : "confirmed");
    }
    if (was_retried) {
      tables_.retry.erase(sequence);
    } else {
      tables_.outbox.erase(sequence);
    }
  }

  RetryRow& retry_row(const Settlement& settlement) {
    const auto sequence = settlement.ticket.value;
    if (settlement.origin == Origin::retry) return tables_.retry.at(sequence);
    auto moved = tables_.outbox.extract(sequence);
    RetryRow row;
    row.message = std::move(moved.mapped().message);
    row.defect = std::move(moved.mapped().defect);
    row.stored_at_ms = moved.mapped().stored_at_ms;
    row.lane = number_;
    return tables_.retry[sequence] = std::move(row);
  }

  void keep(const Settlement& settlement, const std::string& state, std::int64_t due_ms) {
    auto& row = retry_row(settlement);
    row.state = state;
    row.route = settlement.route;
    row.reason = settlement.reason;
    row.answer = settlement.answer;
    const bool maybe_sent = settlement.origin != Origin::retry && settlement.ticket.value <= lane_.formerly_claimed;
    row.attempts = std::max(settlement.attempt, maybe_sent ? 1U : 0U);
    row.tries = settlement.tries;
    row.blocks = settlement.blocks;
    row.claimed = false;
    row.due_ms = due_ms;
    row.changed_at_ms = tables_.wall_ms();
    if (!settlement.is_put_off()) remember(row.message.id, settlement, settlement.reason);
  }

  void park(const Settlement& settlement) {
    auto& row = tables_.outbox.at(settlement.ticket.value);
    const auto scope = std::find_if(lane_.blocked.begin(), lane_.blocked.end(), [&](const auto& blocked) {
      return covers(blocked.first, settlement.route, row.message.key) && settlement.ticket.value > blocked.second;
    });
    if (scope != lane_.blocked.end()) {
      row.parked = true;
      row.route = settlement.route;
      return;
    }
    // It committed so late that its scope's backlog has gone past it: no backlog would ever hand it out.
    auto late = settlement;
    late.reason = "delayed";
    keep(late, "sending", now_.ms);
  }

  void remember(const MessageId& id, const Settlement& settlement, const std::string& outcome) {
    tables_.history[id.str()].push_back(
        {tables_.wall_ms(), settlement.attempt, outcome, settlement.answer, settlement.endpoint, holder_});
  }

  Tables& tables_;
  LaneRow& lane_;
  std::uint32_t number_;
  const std::string& holder_;
  LaneTime now_;
};

}  // namespace

void apply_settlement(Tables& tables, std::uint32_t lane, const std::string& holder, const SettleBatch& batch) {
  SettlementWriter writer{tables, lane, holder, batch.now};
  for (const auto& change : batch.scopes) writer.change_scope(change);
  for (const auto& settlement : batch.messages) writer.settle(settlement);
  auto& row = tables.lanes[lane];
  row.clock = std::max(row.clock, batch.now);
  if (!batch.suspect || row.suspect != batch.suspect->value) row.suspect.reset();
  if (!batch.clean_stop) return;
  row.clean = true;
  // What an owner before this one may have sent keeps its flag for as long as it waits here, parked or not read again.
  const bool some_left =
      std::any_of(tables.outbox.begin(), tables.outbox.upper_bound(row.formerly_claimed),
                  [&](const auto& entry) { return tables.lane_of(entry.first, entry.second.message.key) == lane; });
  row.claimed = some_left ? row.formerly_claimed : 0;
}

}  // namespace waybill::store::memory
