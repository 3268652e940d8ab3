// What became of messages, as the library's function takes it.

#include "store/redis/lane.hpp"

namespace waybill::redis {
namespace {

using store::Origin;
using store::ScopeChange;
using store::Settlement;
using store::Verdict;

constexpr std::string_view name_of_verdict(Verdict verdict) {
  switch (verdict) {
    case Verdict::confirmed:
      return "confirmed";
    case Verdict::dropped:
      return "dropped";
    case Verdict::retry:
      return "retry";
    case Verdict::failed:
      return "failed";
    case Verdict::parked:
      return "parked";
  }
  return "";
}

constexpr std::string_view name_of_change(ScopeChange::Kind kind) {
  switch (kind) {
    case ScopeChange::Kind::block:
      return "block";
    case ScopeChange::Kind::advance:
      return "advance";
    case ScopeChange::Kind::release:
      return "release";
  }
  return "";
}

std::string flag(bool set) { return set ? "1" : "0"; }

/// Only its entry goes: all that the happy path costs.
bool just_leaves(const Settlement& settlement) {
  return settlement.verdict == Verdict::confirmed && settlement.origin == Origin::fresh;
}

std::string entry_text(const Settlement& settlement) {
  if (settlement.origin == Origin::retry) return {};
  const auto entry = entry_of(settlement.ticket);
  return entry ? entry->str() : std::string{};
}

}  // namespace

Status RedisLane::check_tickets(const store::SettleBatch& batch) const {
  std::unordered_set<std::uint64_t> unanswered;  // may be settled a second time in the same batch
  for (const auto& settlement : batch.messages) {
    const auto ticket = settlement.ticket.value;
    if (settlement.unanswered) unanswered.insert(ticket);
    const bool known = settlement.origin == Origin::retry ? retries_out_.contains(ticket) || unanswered.contains(ticket)
                                                          : outbox_out_.contains(ticket);
    if (known) continue;
    return Error{ErrorCode::refused,
                 "message " + hex_of(settlement.ticket) + " was not handed out, or is settled already"};
  }
  return {};
}

std::vector<std::string> RedisLane::describe(const store::SettleBatch& batch) const {
  std::vector<std::string> leaving;
  std::vector<std::string> others;
  std::size_t count_others = 0;
  for (const auto& one : batch.messages) {
    if (just_leaves(one)) {
      leaving.push_back(entry_text(one));
      continue;
    }
    ++count_others;
    const auto entry = entry_of(one.ticket);
    const bool maybe_sent = one.origin != Origin::retry && entry && *entry <= formerly_;
    for (auto& word :
         {hex_of(one.ticket), entry_text(one), std::string{name_of_verdict(one.verdict)}, std::to_string(one.attempt),
          std::to_string(one.tries), std::to_string(one.due_at.ms), flag(one.blocks), flag(maybe_sent),
          flag(one.unanswered), one.route, one.reason, one.answer, one.endpoint}) {
      others.push_back(word);
    }
  }
  std::vector<std::string> words{std::to_string(batch.now.ms),
                                 holder_,
                                 batch.suspect ? hex_of(*batch.suspect) : std::string{},
                                 flag(batch.clean_stop),
                                 std::to_string(batch.scopes.size()),
                                 std::to_string(leaving.size()),
                                 std::to_string(count_others)};
  for (const auto& change : batch.scopes) {
    words.emplace_back(name_of_change(change.kind));
    words.push_back(name_of(change.scope));
    words.push_back(hex_of(change.behind));
  }
  words.insert(words.end(), leaving.begin(), leaving.end());
  words.insert(words.end(), others.begin(), others.end());
  return words;
}

Result<store::SettleReport> RedisLane::settle(const store::SettleBatch& batch) {
  if (broken_) return lost();
  if (auto known = check_tickets(batch); !known) return known.error();
  if (auto settled = run("waybill_settle", describe(batch), "can't settle"); !settled) return settled.error();
  for (const auto& settlement : batch.messages) {
    const auto ticket = settlement.ticket.value;
    (settlement.origin == Origin::retry ? retries_out_ : outbox_out_).erase(ticket);
    if (settlement.unanswered) retries_out_.insert(ticket);
    if (settlement.origin == Origin::fresh) ++durable_fresh_;
  }
  for (const auto& change : batch.scopes) {
    if (change.kind == ScopeChange::Kind::block) {
      backlog_at_[change.scope] = hex_of(change.behind);
    } else if (change.kind == ScopeChange::Kind::release) {
      backlog_at_.erase(change.scope);
    }
  }
  return store::SettleReport{durable_fresh_};
}

}  // namespace waybill::redis
