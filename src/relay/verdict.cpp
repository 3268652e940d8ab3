// What becomes of a message, and of the sequence it belongs to.

#include <algorithm>
#include <string_view>
#include <utility>

#include "relay/core.hpp"

namespace waybill::relay {
namespace {

constexpr const char* route_stopped = "route_stopped";
// How often a message held back asks whether its route goes on.
constexpr Duration look_again = std::chrono::seconds{5};
// As long as the route has stood still, so that the store is not asked for the same messages again and again. They come
// before their time when it moves.
constexpr Duration least_set_aside = std::chrono::seconds{30};
constexpr Duration longest_set_aside = std::chrono::minutes{5};

// What the next owner must still know of a message that goes back unsent; else `otherwise`.
const char* reason_to_wait(const Tracked& tracked, const char* otherwise) {
  if (tracked.suspect) return "suspect";
  return tracked.doubt ? "unanswered" : otherwise;
}

}  // namespace

using store::Origin;
using store::ScopeChange;
using store::Settlement;
using store::Verdict;

Settlement RelayCore::settlement_of(const Tracked& tracked, Verdict verdict) {
  if (const auto found = unanswered_.find(tracked.ticket.value); found != unanswered_.end()) {
    found->second.settled = settlements_issued_ + 1;
  }
  Settlement settlement;
  settlement.ticket = tracked.ticket;
  settlement.origin = tracked.origin;
  settlement.verdict = verdict;
  settlement.attempt = tracked.publications;
  settlement.tries = tracked.tries;
  if (tracked.routed && verdict != Verdict::confirmed) {
    settlement.route = routes_.route(tracked.route).topic;
    if (tracked.publications > 0 && verdict != Verdict::parked)
      settlement.endpoint = pipes_[routes_.broker_of(tracked.route).value].endpoint();
  }
  return settlement;
}

void RelayCore::confirm(Tag tag) {
  const Tracked& tracked = *tracked_.find(tag);
  settle_.add(settlement_of(tracked, Verdict::confirmed), now_, tracked.origin == Origin::retry);
  leave_sequence(tracked.scope, tag);
}

void RelayCore::tell(const Tracked& tracked, Incident::Kind kind, std::string_view reason, std::string_view answer) {
  if (!incidents_.has_place(now_)) return;
  const Message& message = *tracked.message;
  incidents_.keep({kind, message.id.str(), message.topic.str(),
                   tracked.routed ? routes_.route(tracked.route).topic : std::string{}, std::string{reason},
                   std::string{answer}, tracked.tries, trace_id_of(message)});
}

void RelayCore::drop(Tag tag) {
  const Tracked& tracked = *tracked_.find(tag);
  ++state_of(tracked).totals.dropped;
  settle_.add(settlement_of(tracked, Verdict::dropped), now_, true);
  leave_sequence_when_durable(tag);
}

void RelayCore::try_again_or_fail(Tag tag, const char* reason, const std::string& answer, Duration wait) {
  const Tracked& tracked = *tracked_.find(tag);
  if (tracked.tries > routes_.route(tracked.route).max_attempts) {
    fail(tag, reason, answer);
  } else {
    tell(tracked, Incident::Kind::retried, reason, answer);
    retry_later(tag, reason, answer, wait);
  }
}

void RelayCore::retry_later(Tag tag, const char* reason, const std::string& answer, Duration wait) {
  const Tracked& tracked = *tracked_.find(tag);
  const bool waits_for_a_person = std::string_view{reason} == route_stopped;
  auto settlement = settlement_of(tracked, Verdict::retry);
  settlement.reason = reason;
  settlement.answer = answer;
  const auto wait_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wait).count();
  settlement.due_at = LaneTime{lane_now().ms + wait_ms};
  settlement.blocks = block_scope(tracked, tag);
  settle_.add(std::move(settlement), now_, true);
  next_due_ = std::min(next_due_, now_ + wait + std::chrono::milliseconds{1});
  if (!waits_for_a_person) expect_retry();
  leave_sequence(store::Scope{tracked.scope}, tag);
}

// Uncounted, until the route moves. Those in doubt, a window of them at most, have a reason of their own and come when
// it is their time, which therefore is short. One that is in flight stays in memory too, since its answer may still
// come: only what stands behind it goes.
void RelayCore::set_aside(Tag tag) {
  Tracked& tracked = *tracked_.find(tag);
  if (!tracked.in_flight) {
    RouteState& state = state_of(tracked);
    const Duration since = now_ - state.relieved_since.value_or(now_);
    const bool comes_early = !tracked.suspect && !tracked.doubt;
    if (comes_early) {
      state.has_set_aside = true;
      state.set_aside_in = settlements_issued_ + 1;
    }
    retry_later(tag, reason_to_wait(tracked, store::reason_set_aside), "set aside while its route does not move",
                std::clamp<Duration>(since, least_set_aside, comes_early ? longest_set_aside : least_set_aside));
    return;
  }
  auto settlement = settlement_of(tracked, Verdict::retry);
  settlement.reason = "unanswered";
  settlement.answer = "the broker has not answered yet";
  settlement.unanswered = true;
  settlement.due_at = lane_now();  // for another owner: it sends it again at once
  settlement.blocks = block_scope(tracked, tag);
  settle_.add(std::move(settlement), now_, true);
  unanswered_[tracked.ticket.value] = Unanswered{tracked.origin == Origin::fresh, settlements_issued_ + 1};
  tracked.origin = Origin::retry;
  expect_retry();
}

void RelayCore::fail(Tag tag, const std::string& reason, const std::string& answer) {
  const Tracked& tracked = *tracked_.find(tag);
  tell(tracked, Incident::Kind::failed, reason, answer);
  auto settlement = settlement_of(tracked, Verdict::failed);
  settlement.reason = reason;
  settlement.answer = answer;
  const store::Scope scope = tracked.scope;
  if (tracked.routed) {
    ++state_of(tracked).totals.failed;
    const OnFailedKey policy = routes_.route(tracked.route).on_failed_key;
    if (tracked.is_sequenced() && policy != OnFailedKey::skip) settlement.blocks = block_scope(tracked, tag);
    if (tracked.is_sequenced() && policy == OnFailedKey::stop && !is_stopped_route(tracked.route)) {
      sequences_.restore(whole(tracked.route), settlements_issued_ + 1);
      settle_.add(ScopeChange{ScopeChange::Kind::block, whole(tracked.route), tracked.ticket}, now_);
      for (const Tag ready : std::exchange(state_of(tracked).ready, {})) hold_back(ready);
    }
  }
  const bool blocks = settlement.blocks;
  settle_.add(std::move(settlement), now_, true);
  blocks ? leave_sequence(scope, tag) : leave_sequence_when_durable(tag);
}

// The route is stopped: the head of a sequence waits in the store, all behind it in the outbox.
void RelayCore::hold_back(Tag tag) {
  retry_later(tag, route_stopped, "the route is stopped behind a failed message",
              std::max<Duration>(routes_.route(tracked_.find(tag)->route).resend_after, look_again));
}

// Only a message in the outbox's order can block those after it there; a retry either blocks them already, or was
// resent by a person while its sequence flows.
bool RelayCore::block_scope(const Tracked& tracked, Tag tag) {
  if (!tracked.is_sequenced()) return false;
  const store::Scope scope = tracked.scope;
  if (tracked.origin == Origin::retry) return sequences_.phase(scope) != Sequences::Phase::flowing;
  settle_.add(ScopeChange{ScopeChange::Kind::block, scope, tracked.ticket}, now_);
  for (const Tag behind : sequences_.block(scope, settlements_issued_ + 1)) {
    if (behind != tag) put_back(behind);
  }
  return true;
}

// Out of memory again, unsent: a fresh message stays in the outbox, a backlog is handed out again, a retry is due
// again.
void RelayCore::put_back(Tag tag) {
  const Tracked& tracked = *tracked_.find(tag);
  if (tracked.origin == Origin::fresh) {
    sequences_.parked(tracked.scope);
    settle_.add(settlement_of(tracked, Verdict::parked), now_, false);
  } else if (tracked.origin == Origin::retry) {
    auto settlement = settlement_of(tracked, Verdict::retry);
    settlement.reason = reason_to_wait(tracked, "delayed");
    settlement.answer = "waits behind another message of its key";
    settlement.due_at = LaneTime{lane_now().ms + 1000};
    settle_.add(std::move(settlement), now_, true);
    expect_retry();
  }
  tracked_.remove(tag);
}

// What the store was asked before this settlement can't know of the retry.
void RelayCore::expect_retry() {
  retries_empty_ = false;
  last_retry_in_ = settlements_issued_ + 1;
}

// It was given up, and the next goes out in its place. Not before the store knows: another owner would send it after
// all, behind the next.
void RelayCore::leave_sequence_when_durable(Tag tag) {
  const Tracked& tracked = *tracked_.find(tag);
  if (!tracked.is_sequenced()) {
    tracked_.remove(tag);
    return;
  }
  if (tracked.origin == Origin::backlog) {
    settle_.add(ScopeChange{ScopeChange::Kind::advance, tracked.scope, tracked.ticket}, now_);
  }
  if (tracked.origin == Origin::retry) next_due_ = now_;
  leaving_.push_back({tracked.scope, tag, settlements_issued_ + 1});
  tracked_.remove(tag);
}

void RelayCore::go_on_after_settlement() {
  while (!leaving_.empty() && leaving_.front().settlement <= settlements_durable_) {
    const Leaving left = std::move(leaving_.front());
    leaving_.pop_front();
    go_on(left.scope, left.tag);
  }
}

void RelayCore::go_on(const store::Scope& scope, Tag tag) {
  if (const auto next = sequences_.finish(scope, tag)) {
    take_turn(*next);
  } else if (sequences_.wants_backlog(scope)) {
    backlog_wanted_.push_back(scope);
  }
}

void RelayCore::leave_sequence(const store::Scope& scope_of_tracked, Tag tag) {
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): the tracked message goes away below
  const store::Scope scope = scope_of_tracked;
  const Tracked& tracked = *tracked_.find(tag);
  if (scope.route.empty()) {
    tracked_.remove(tag);
    return;
  }
  if (tracked.origin == Origin::backlog) {
    settle_.add(ScopeChange{ScopeChange::Kind::advance, scope, tracked.ticket}, now_);
  }
  if (tracked.origin == Origin::retry) next_due_ = now_;  // its scope may be released by this
  tracked_.remove(tag);
  go_on(scope, tag);
}

}  // namespace waybill::relay
