// What goes out, and when.

#include <algorithm>

#include "relay/core.hpp"
#include "relay/outgoing.hpp"

namespace waybill::relay {
namespace {

// How many messages one route may send before the next has its turn.
constexpr std::size_t turn_length = 32;

}  // namespace

void RelayCore::on(SuspectMarked) {
  mark_durable_ = true;
  marked_at_ = now_;
}

void RelayCore::publish_ready() {
  if (!may_publish()) return;
  for (std::size_t broker = 0; broker < pipes_.size(); ++broker) publish_for(BrokerIndex{broker});
}

void RelayCore::publish_for(BrokerIndex broker) {
  Pipe& pipe = pipes_[broker.value];
  const auto& routes = routes_of_broker_[broker.value];
  std::vector<broker::Outgoing> burst;
  if (const auto reserved = pipe.take_reservation()) take_from(*reserved, pipe, burst);
  bool progress = true;
  while (progress && pipe.room() > 0) {
    progress = false;
    for (std::size_t i = 0; i < routes.size() && pipe.room() > 0; ++i) {
      const RouteIndex route = routes[(turn_[broker.value] + i) % routes.size()];
      for (std::size_t n = 0; n < turn_length && take_from(route, pipe, burst); ++n) progress = true;
    }
    if (!routes.empty()) turn_[broker.value] = (turn_[broker.value] + 1) % routes.size();
  }
  if (!burst.empty()) out_.emplace_back(Publish{broker, std::move(burst)});
}

bool RelayCore::is_held_by_fault(const RouteState& state) const {
  return state.at_fault && (state.probing || now_ < state.retry_at);
}

// Messages that are never answered must not take the whole window of a broker that other routes move on: a route holds
// at most three quarters of what the others leave of it.
bool RelayCore::has_a_place(RouteIndex route, const Pipe& pipe) const {
  const std::size_t mine = states_[route].in_flight;
  if (mine == 0 || routes_of_broker_[routes_.broker_of(route).value].size() == 1) return true;
  const std::size_t others = pipe.in_flight() - mine;
  return (mine + 1) * 4 <= (pipe.window() - std::min<std::size_t>(others, pipe.window())) * 3;
}

// Takes the route's next message if it may go out now.
bool RelayCore::take_from(RouteIndex route, Pipe& pipe, std::vector<broker::Outgoing>& burst) {
  RouteState& state = states_[route];
  if (state.ready.empty() || state.is_paused() || pipe.room() == 0 || is_held_by_fault(state) ||
      !has_a_place(route, pipe)) {
    return false;
  }
  const Tag tag = state.ready.front();
  const Tracked& next = *tracked_.find(tag);
  if (pipe.has_in_flight(next.message->id.str())) return false;
  if (recovering_) {
    if (in_flight() > 0) return false;
    if (marked_ != tag) {
      if (!marked_) mark_before_publishing(tag);
      return false;
    }
    if (!mark_durable_) return false;
  }
  const bool alone = next.suspect || recovering_;
  if (alone && !pipe.has_room_for_one_alone()) {
    pipe.reserve(route);
    return false;
  }
  state.ready.pop_front();
  if (state.at_fault) state.probing = true;
  burst.push_back(send_off(tag, pipe, alone));
  return true;
}

void RelayCore::mark_before_publishing(Tag tag) {
  marked_ = tag;
  mark_durable_ = false;
  out_.emplace_back(MarkSuspect{tracked_.find(tag)->ticket});
}

broker::Outgoing RelayCore::send_off(Tag tag, Pipe& pipe, bool alone) {
  Tracked& tracked = *tracked_.find(tag);
  RouteState& state = state_of(tracked);
  if (tracked.publications > 0) ++state.totals.resent;
  if (tracked.doubt) ++state.totals.duplicates_possible;
  ++tracked.publications;
  tracked.in_flight = true;
  tracked.published_at = now_;
  if (state.in_flight++ == 0) state.waiting_since = now_;
  const std::string& id = tracked.message->id.str();
  alone ? pipe.published_alone(tag, id) : pipe.published(id);

  auto outgoing = outgoing_of(routes_.route(tracked.route), tracked.message);
  outgoing.tag = tag;
  outgoing.attempt = tracked.publications;
  outgoing.persisted_at_ms = tracked.stored_at_ms;
  return outgoing;
}

}  // namespace waybill::relay
