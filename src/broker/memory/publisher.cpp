#include "broker/memory/publisher.hpp"

#include <utility>

namespace waybill::broker::memory {
namespace {

Outcome outcome_of(Reply reply, Tag tag) {
  switch (reply) {
    case Reply::reject:
      return {tag, OutcomeKind::rejected, "basic.nack"};
    case Reply::unroutable:
      return {tag, OutcomeKind::unroutable, "312 NO_ROUTE"};
    case Reply::route_fault:
      return {tag, OutcomeKind::route_fault, "404 NOT_FOUND - no such exchange"};
    case Reply::lose_confirm:
    case Reply::break_before:
      // The other side can't tell whether the broker had read it before the connection broke.
      return {tag, OutcomeKind::in_doubt, "connection lost"};
    case Reply::confirm:
    case Reply::hold:
      break;
  }
  return {tag, OutcomeKind::confirmed, {}};
}

}  // namespace

PumpedPublisher::PumpedPublisher(std::shared_ptr<Broker> broker) : broker_(std::move(broker)) {}

void PumpedPublisher::start(PublisherEvents& events) {
  events_ = &events;
  cuts_ = broker_->state().cuts;
  releases_ = broker_->state().releases;
}

void PumpedPublisher::publish(std::vector<Outgoing> messages) {
  const std::lock_guard lock(mutex_);
  for (auto& message : messages) queue_.push_back(std::move(message));
}

bool PumpedPublisher::pump() {
  const Broker::State state = broker_->state();
  bool moved = follow_connection(state);
  moved = follow_releases(state) || moved;
  return hand_over() || moved;
}

bool PumpedPublisher::follow_connection(const Broker::State& state) {
  bool moved = false;
  if (connected_ && state.cuts != cuts_) {
    cuts_ = state.cuts;
    lose("connection lost");
    moved = true;
  }
  if (!connected_ && state.reachable) {
    cuts_ = state.cuts;
    releases_ = state.releases;
    connected_ = true;
    told_unreachable_ = false;
    blocked_ = false;
    events_->on_up("memory");
    moved = true;
  } else if (!connected_ && !told_unreachable_) {
    told_unreachable_ = true;
    events_->on_down(DownCause::unreachable, "the broker is not reachable");
    moved = true;
  }
  if (connected_ && state.blocked != blocked_) {
    blocked_ = state.blocked;
    events_->on_blocked(blocked_, state.blocked_reason);
    moved = true;
  }
  return moved;
}

bool PumpedPublisher::follow_releases(const Broker::State& state) {
  if (state.releases == releases_) return false;
  releases_ = state.releases;
  std::vector<Outcome> outcomes;
  for (const Tag tag : std::exchange(held_, {})) outcomes.push_back({tag, OutcomeKind::confirmed, {}});
  if (outcomes.empty()) return false;
  events_->on_outcomes(std::move(outcomes));
  return true;
}

bool PumpedPublisher::hand_over() {
  std::vector<Outgoing> batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(queue_);
  }
  if (batch.empty()) return false;
  std::vector<Outcome> outcomes;
  bool broken = !connected_;
  for (const auto& message : batch) {
    if (broken) {
      outcomes.push_back({message.tag, OutcomeKind::unsent, "not connected"});
      continue;
    }
    const Reply reply = broker_->take(message);
    broken = reply == Reply::lose_confirm || reply == Reply::break_before;
    if (reply == Reply::hold) {
      held_.push_back(message.tag);
    } else {
      outcomes.push_back(outcome_of(reply, message.tag));
    }
  }
  if (!outcomes.empty()) events_->on_outcomes(std::move(outcomes));
  if (broken && connected_) lose("connection lost");
  return true;
}

void PumpedPublisher::lose(const std::string& reason) {
  connected_ = false;
  std::vector<Outcome> outcomes;
  for (const Tag tag : std::exchange(held_, {})) outcomes.push_back({tag, OutcomeKind::in_doubt, reason});
  if (!outcomes.empty()) events_->on_outcomes(std::move(outcomes));
  events_->on_down(DownCause::lost, reason);
}

void PumpedPublisher::stop(Deadline) {
  if (events_ == nullptr) return;
  std::vector<Outcome> outcomes;
  for (const Tag tag : std::exchange(held_, {})) outcomes.push_back({tag, OutcomeKind::in_doubt, "stopped"});
  {
    const std::lock_guard lock(mutex_);
    for (const auto& message : std::exchange(queue_, {}))
      outcomes.push_back({message.tag, OutcomeKind::unsent, "stopped"});
  }
  connected_ = false;
  if (!outcomes.empty()) events_->on_outcomes(std::move(outcomes));
}

}  // namespace waybill::broker::memory
