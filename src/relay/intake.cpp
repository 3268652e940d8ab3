// What the store hands out: where each message goes first.

#include <algorithm>
#include <utility>

#include "relay/core.hpp"

namespace waybill::relay {
namespace {

constexpr Duration due_poll = std::chrono::seconds{1};

}  // namespace

void RelayCore::on(FreshFetched event) {
  heard(fetch_asked_at_);
  fetch_pending_ = false;
  outbox_exhausted_ = !event.fetched.more;
  outbox_empty_ = !event.fetched.more;
  if (event.fetched.wall.unix_ms != 0) wall_ = event.fetched.wall;
  fresh_fetched_ += event.fetched.messages.size();
  for (auto& claimed : event.fetched.messages) admit(std::move(claimed), nullptr);
}

void RelayCore::on(RetriesDue event) {
  heard(due_asked_at_);
  due_pending_ = false;
  if (std::exchange(proving_, false)) return;
  retries_empty_ = !event.due.more && !event.due.waiting && last_retry_in_ <= due_knows_;
  next_due_ = event.due.more ? now_ : now_ + due_poll;
  for (auto& claimed : event.due.messages) admit(std::move(claimed), nullptr);
  for (const auto& scope : event.due.released) {
    if (!sequences_.is_known_after(scope, due_knows_)) continue;
    if (!scope.key) {
      sequences_.release(scope);  // a stopped route has no backlog of its own: its keys have
      settle_.add(store::ScopeChange{store::ScopeChange::Kind::release, scope, {}}, now_);
    } else if (sequences_.start_draining(scope)) {
      backlog_wanted_.push_back(scope);
    }
  }
}

void RelayCore::on(BacklogFetched event) {
  --backlogs_pending_;
  sequences_.backlog_answered(event.scope);
  if (sequences_.phase(event.scope) != Sequences::Phase::draining) return;  // blocked again meanwhile: asked anew later
  if (event.fetched.messages.empty() && sequences_.parked_since_request(event.scope)) {
    backlog_wanted_.push_back(event.scope);
    return;
  }
  if (event.fetched.messages.empty()) {
    sequences_.release(event.scope);
    settle_.add(store::ScopeChange{store::ScopeChange::Kind::release, event.scope, {}}, now_);
    return;
  }
  for (auto& claimed : event.fetched.messages) {
    if (sequences_.phase(event.scope) != Sequences::Phase::draining) break;  // the store hands the rest out again
    admit(std::move(claimed), &event.scope);
  }
}

void RelayCore::on(SetAsideFetched event) {
  set_aside_pending_ = false;
  for (auto& claimed : event.fetched.messages) admit(std::move(claimed), nullptr);
  RouteState& state = states_[event.route];
  state.has_set_aside = event.fetched.more || state.set_aside_in > set_aside_knows_;
}

void RelayCore::admit(store::Claimed claimed, const store::Scope* draining) {
  const auto route = routes_.find(claimed.message->topic.str());
  Tracked tracked;
  tracked.ticket = claimed.ticket;
  tracked.origin = claimed.origin;
  tracked.message = claimed.message;
  tracked.stored_at_ms = claimed.stored_at_ms;
  tracked.order = ++order_;
  tracked.tries = claimed.tries;
  // A retry carries the broker's answer, which leaves no doubt, unless none came.
  const bool unanswered = claimed.reason == "suspect" || claimed.reason == "unanswered";
  tracked.doubt = claimed.attempt > 1 && (claimed.origin != store::Origin::retry || unanswered);
  tracked.publications = claimed.attempt - 1;
  tracked.suspect = claimed.origin == store::Origin::retry && claimed.reason == "suspect";
  tracked.defect = std::move(claimed.defect);
  tracked.defect_reason = claimed.reason.empty() ? "malformed" : std::move(claimed.reason);
  if (!route) {
    tracked.routed = false;
    if (tracked.defect.empty()) {
      tracked.defect = "no route matches topic '" + claimed.message->topic.str() + "'";
      tracked.defect_reason = "no_route";
    }
    take_turn(tracked_.add(std::move(tracked)));
    return;
  }
  tracked.route = *route;
  const RouteConfig& config = routes_.route(*route);
  const bool keyed = config.order == Order::key && claimed.message->key.has_value();
  if (draining != nullptr) {
    tracked.scope = *draining;
  } else if (keyed) {
    tracked.scope = store::Scope{config.topic, claimed.message->key->str()};
  }
  if (suspect_ == claimed.ticket) {
    tracked.suspect = true;
    tracked.tries = std::max(tracked.tries, suspect_kills_);
    if (suspect_kills_ > config.max_attempts) {
      tracked.defect =
          "the relay ended " + std::to_string(suspect_kills_) + " times while only this message was in flight";
      tracked.defect_reason = "poison";
    }
  }
  const bool put_off = claimed.wait > Duration::zero() ||
                       (claimed.origin == store::Origin::fresh && keyed && claimed.message->not_before.has_value());
  if (put_off && tracked.defect.empty()) {
    tracked.scope = {};  // a message that asked to come later is in nobody's order
    retry_later(tracked_.add(std::move(tracked)), "delayed", "not before its time", claimed.wait);
    return;
  }
  enqueue(std::move(tracked));
}

void RelayCore::enqueue(Tracked tracked) {
  const bool sequenced = tracked.is_sequenced();
  const store::Scope scope = tracked.scope;
  const bool parks = sequenced && tracked.origin == store::Origin::fresh && sequences_.must_park(scope);
  const Tag tag = tracked_.add(std::move(tracked));
  if (parks) {
    put_back(tag);
  } else if (!sequenced || sequences_.append(scope, tag)) {
    take_turn(tag);
  }
}

// The message is the next of its sequence, or belongs to none.
void RelayCore::take_turn(Tag tag) {
  Tracked& tracked = *tracked_.find(tag);
  if (!tracked.defect.empty()) {
    const std::string reason = tracked.defect_reason;
    const std::string defect = tracked.defect;
    fail(tag, reason, defect);
  } else if (is_stopped_route(tracked.route)) {
    hold_back(tag);
  } else {
    state_of(tracked).ready.push_back(tag);
  }
}

}  // namespace waybill::relay
