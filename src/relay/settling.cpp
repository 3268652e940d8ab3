// When the store is asked for what.

#include <algorithm>

#include "relay/core.hpp"

namespace waybill::relay {
namespace {

// One transaction a few tens of times a second at most, whatever the rate.
constexpr Duration settle_interval = std::chrono::milliseconds{50};
constexpr Duration proof_interval = std::chrono::seconds{3};
// What waits has its time by the lane's clock. A relay that dies takes with it how far it went since the last
// settlement.
constexpr Duration clock_interval = std::chrono::seconds{30};
constexpr Duration relief_interval = std::chrono::milliseconds{100};
constexpr std::size_t settle_batch = 1000;
constexpr std::size_t largest_chunk = 500;
constexpr std::size_t backlog_chunk = 100;
constexpr std::size_t most_backlog_calls = 4;

}  // namespace

void RelayCore::on(Settled event) {
  heard(settled_at_);
  settle_pending_ = false;
  fresh_durable_ = event.report.durable_fresh;
  ++settlements_durable_;
  std::erase_if(unanswered_, [this](const auto& entry) { return entry.second.settled <= settlements_durable_; });
  go_on_after_settlement();
  if (final_settle_) stopped_ = true;
}

std::uint64_t RelayCore::unsettled() const {
  const auto waiting = std::count_if(unanswered_.begin(), unanswered_.end(), [this](const auto& entry) {
    return entry.second.was_fresh && entry.second.set_aside <= settlements_durable_;
  });
  return fresh_fetched_ - fresh_durable_ + static_cast<std::uint64_t>(waiting);
}

void RelayCore::flush_settlements() {
  if (settle_pending_) return;
  if (stopping_ && in_flight() == 0) {
    finish_stop();
    return;
  }
  if (settle_.empty()) {
    if (!retries_empty_ && now_ - settled_at_ >= clock_interval) settle_now();
    return;
  }
  const bool due = settle_.urgent() || recovering_ || settle_.size() >= settle_batch ||
                   now_ - settle_.oldest() >= settle_interval ||
                   unsettled() * 4 >= std::uint64_t{limits_.unsettled} * 3;
  if (due) settle_now();
}

void RelayCore::settle_now() {
  settled_at_ = now_;
  auto batch = settle_.take();
  batch.now = lane_now();
  if (const Tracked* marked = recovering_ && marked_ ? tracked_.find(*marked_) : nullptr)
    batch.suspect = marked->ticket;
  settle_pending_ = true;
  ++settlements_issued_;
  out_.emplace_back(Settle{std::move(batch)});
}

// The claims may be forgotten only if nothing that was claimed can have reached a broker unnoticed, by us or by the
// owner before us.
void RelayCore::finish_stop() {
  if (final_settle_ || stopped_) return;
  auto batch = settle_.take();
  batch.now = lane_now();
  const bool read_on = !unclean_ || outbox_exhausted_;
  batch.clean_stop = stopped_clean_ = read_on && !tracked_.any([](const Tracked& tracked) { return tracked.doubt; });
  final_settle_ = settle_pending_ = true;
  out_.emplace_back(Settle{std::move(batch)});
}

std::size_t RelayCore::chunk() const { return std::clamp<std::size_t>(limits_.unsettled / 4, 1, largest_chunk); }

std::size_t RelayCore::buffer_limit() const { return std::size_t{limits_.window} * 2 * pipes_.size(); }

// What one store call may bring. They run at the same time, so each has its share of the memory.
std::size_t RelayCore::bytes_for(std::size_t share) const {
  const auto left = limits_.buffer_bytes - std::min<std::uint64_t>(tracked_.bytes(), limits_.buffer_bytes);
  return static_cast<std::size_t>(std::min(left, limits_.buffer_bytes / share));
}

// A destination that takes nothing must not fill the memory that the others need: what waits for it goes to the store's
// retry table, uncounted, but for the head that probes.
void RelayCore::relieve_stuck_routes() {
  if (tracked_.count() < buffer_limit() * 3 / 4 && unsettled() * 4 < std::uint64_t{limits_.unsettled} * 3) return;
  if (now_ - relieved_at_ < relief_interval) return;
  relieved_at_ = now_;
  for (RouteIndex route = 0; route < routes_.size(); ++route) {
    if (is_stuck(route) && another_route_moves(route)) relieve(route);
  }
}

// What is in flight stays so, but those behind it in its sequence go: they can wait behind its row in the store.
void RelayCore::relieve(RouteIndex route) {
  const auto leads = [&](const Tracked& tracked) {
    return tracked.is_sequenced() && sequences_.has_followers(tracked.scope);
  };
  const auto in_flight = tracked_.collect([&](const Tracked& tracked) {
    return tracked.route == route && tracked.in_flight && tracked.origin != store::Origin::retry && leads(tracked);
  });
  for (const Tag tag : in_flight) set_aside(tag);
  if (!states_[route].relieved_since) states_[route].relieved_since = now_;
  auto& ready = states_[route].ready;
  auto waiting = std::exchange(ready, {});
  if (!waiting.empty() && !leads(*tracked_.find(waiting.front()))) {
    ready.push_back(waiting.front());
    waiting.pop_front();
  }
  for (const Tag tag : waiting) set_aside(tag);
}

bool RelayCore::is_stuck(RouteIndex route) const {
  const Pipe& pipe = pipes_[routes_.broker_of(route).value];
  const RouteState& state = states_[route];
  const bool silent = state.in_flight > 0 && now_ - state.waiting_since >= limits_.stalled_after;
  return state.is_paused() || state.at_fault || !pipe.is_up() || pipe.is_blocked() || silent;
}

bool RelayCore::another_route_moves(RouteIndex route) const {
  for (RouteIndex other = 0; other < routes_.size(); ++other) {
    if (other != route && !is_stuck(other)) return true;
  }
  return false;
}

void RelayCore::request_fetches() {
  prove_ownership();
  if (stopping_ || !any_broker_usable()) return;
  relieve_stuck_routes();
  request_fresh();
  if (!due_pending_ && now_ >= next_due_ && has_room()) {
    due_pending_ = true;
    due_asked_at_ = now_;
    due_knows_ = settlements_issued_;
    out_.emplace_back(FetchDue{lane_now(), {chunk(), bytes_for(4)}});
  }
  request_set_aside();
  request_backlogs();
}

bool RelayCore::has_room() const {
  return tracked_.count() < buffer_limit() && tracked_.bytes() < limits_.buffer_bytes;
}

// With its memory full or no broker there the engine asks the store for nothing: it would never hear again that the
// lane is its own, and the store would end the idle session.
void RelayCore::prove_ownership() {
  if (due_pending_ || settle_pending_ || now_ - heard_at_ < proof_interval) return;
  due_pending_ = proving_ = true;
  due_asked_at_ = now_;
  out_.emplace_back(FetchDue{lane_now(), {0, 0}});
}

void RelayCore::request_fresh() {
  if (fetch_pending_ || tracked_.bytes() >= limits_.buffer_bytes) return;
  const std::uint64_t by_promise = limits_.unsettled > unsettled() ? limits_.unsettled - unsettled() : 0;
  const std::size_t by_memory = buffer_limit() > tracked_.count() ? buffer_limit() - tracked_.count() : 0;
  const auto room = std::min<std::size_t>(static_cast<std::size_t>(by_promise), by_memory);
  // Half of what fits at least, so that a full pipe is not fed in crumbs.
  const std::size_t fits = std::min({chunk(), buffer_limit(), static_cast<std::size_t>(limits_.unsettled)});
  if (room < (fits + 1) / 2) return;
  fetch_pending_ = true;
  fetch_asked_at_ = now_;
  out_.emplace_back(FetchFresh{{std::min(room, chunk()), bytes_for(2)}, outbox_exhausted_});
}

// What was parked must be settled first, or the backlog would not hold it yet.
void RelayCore::request_backlogs() {
  if (backlog_wanted_.empty()) return;
  if (!settle_.empty() && settle_pending_) return;
  if (!settle_.empty()) settle_now();
  while (!backlog_wanted_.empty() && backlogs_pending_ < most_backlog_calls && has_room()) {
    const auto scope = std::move(backlog_wanted_.front());
    backlog_wanted_.pop_front();
    if (!sequences_.wants_backlog(scope)) continue;
    sequences_.backlog_requested(scope);
    ++backlogs_pending_;
    out_.emplace_back(FetchBacklog{scope, {backlog_chunk, bytes_for(4 * most_backlog_calls)}});
  }
}

// A route that moves again need not wait until the time of each message comes that was set aside while it stood still.
void RelayCore::request_set_aside() {
  if (set_aside_pending_ || !has_room()) return;
  for (RouteIndex route = 0; route < routes_.size(); ++route) {
    const RouteState& state = states_[route];
    const bool is_fed = state.ready.size() >= chunk();
    if (!state.has_set_aside || is_stuck(route) || is_fed || state.set_aside_in > settlements_issued_) continue;
    set_aside_pending_ = true;
    set_aside_knows_ = settlements_issued_;
    out_.emplace_back(FetchSetAside{route, routes_.route(route).topic, {chunk(), bytes_for(4)}});
    return;
  }
}

}  // namespace waybill::relay
