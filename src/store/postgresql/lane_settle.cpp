#include <algorithm>
#include <unordered_set>

#include "store/postgresql/lane.hpp"
#include "store/postgresql/pacing.hpp"

namespace waybill::postgresql {

using store::Origin;
using store::Verdict;

Result<store::SettleReport> PostgresLane::settle(const store::SettleBatch& batch) {
  if (auto known = check_tickets(batch); !known) return known.error();
  clock_ms_ = std::max(clock_ms_, batch.now.ms);
  if (!batch.suspect || suspect_ != static_cast<Seq>(batch.suspect->value)) {
    suspect_.reset();
    suspect_kills_ = 0;
  }
  std::uint64_t fresh = 0;
  for (const auto& settlement : batch.messages) fresh += settlement.origin == Origin::fresh ? 1 : 0;
  const auto parked = take_settled(batch);
  const Seq ahead = batch.clean_stop ? 0 : claim_ahead_ * settings_.lanes;
  const Seq claimed = batch.clean_stop ? progress_.max_seq : std::max(claimed_, progress_.max_seq + ahead);

  std::optional<Transaction> transaction;
  if (RetryTable::concerns(batch) || !parked.empty() || !batch.scopes.empty()) {
    auto begun = Transaction::begin(*connection_, "can't settle");
    if (!begun) return lost(begun.error());
    transaction.emplace(*std::move(begun));
    if (auto written = write_settled(batch, parked); !written) return lost(written.error());
  }
  if (auto stored = store_position(claimed, batch.clean_stop); !stored) return lost(stored.error());
  if (transaction) {
    if (auto committed = transaction->commit("can't settle"); !committed) return lost(committed.error());
  }
  durable_fresh_ += fresh;
  if (auto kept = maintain(); !kept) return lost(kept.error());
  return store::SettleReport{durable_fresh_};
}

Status PostgresLane::check_tickets(const store::SettleBatch& batch) const {
  std::unordered_set<Seq> unanswered;  // may be settled a second time in the same batch
  for (const auto& settlement : batch.messages) {
    const auto seq = static_cast<Seq>(settlement.ticket.value);
    if (settlement.unanswered) unanswered.insert(seq);
    const bool known = settlement.origin == Origin::fresh   ? outstanding_.contains(seq)
                       : settlement.origin == Origin::retry ? retries_.has_handed_out(seq) || unanswered.contains(seq)
                                                            : true;
    if (!known) {
      return Error{ErrorCode::refused, "message " + std::to_string(seq) + " was not handed out, or is settled already"};
    }
  }
  return {};
}

std::vector<ToPark> PostgresLane::take_settled(const store::SettleBatch& batch) {
  std::vector<ToPark> parked;
  for (const auto& settlement : batch.messages) {
    if (settlement.origin != Origin::fresh) continue;
    const auto seq = static_cast<Seq>(settlement.ticket.value);
    auto message = outstanding_.settle(seq);
    if (settlement.verdict == Verdict::parked) {
      parked.push_back({seq, settlement.route, message.value_or(nullptr), seq <= flagged_});
    }
  }
  return parked;
}

Status PostgresLane::write_settled(const store::SettleBatch& batch, const std::vector<ToPark>& parked) {
  if (auto changed = parking_.change(batch.scopes); !changed) return changed;
  if (auto kept = parking_.park(parked); !kept) return kept;
  if (auto settled = retries_.settle(batch, flagged_); !settled) return settled;
  for (const auto& [route, seqs] : parking_.take_stranded()) {
    if (auto adopted = retries_.adopt(seqs, route, batch.now, flagged_); !adopted) return adopted;
  }
  return {};
}

}  // namespace waybill::postgresql
