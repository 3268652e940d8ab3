#include "relay/core.hpp"

#include <algorithm>

namespace waybill::relay {
namespace {

// A broker that accepts a new connection so soon was not down: the message that stood alone is to blame.
constexpr Duration back_at_once = std::chrono::seconds{5};
// A broken broker may make a suspect of message after message; what is forgotten only counts later.
constexpr std::size_t most_suspicions = 10'000;
// Well below the 15 s after which another relay can own the lane.
constexpr Duration longest_store_silence = std::chrono::seconds{10};
// A marked message that has not killed the relay by then will not.
constexpr Duration recovery_patience = std::chrono::seconds{5};
constexpr Duration idle_tick = std::chrono::seconds{1};

}  // namespace

RelayCore::RelayCore(const Config& config)
    : limits_(config.relay),
      routes_(config),
      states_(config.routes.size()),
      pipes_(config.brokers.size(), Pipe{config.relay.window}),
      routes_of_broker_(config.brokers.size()),
      turn_(config.brokers.size(), 0),
      blames_(config.brokers.size()),
      traces_(config.traces.is_on()) {
  for (RouteIndex route = 0; route < routes_.size(); ++route) {
    routes_of_broker_[routes_.broker_of(route).value].push_back(route);
  }
}

Actions RelayCore::handle(Event event, MonoTime now) {
  now_ = now;
  out_.clear();
  std::visit([this](auto&& happened) { on(std::forward<decltype(happened)>(happened)); }, std::move(event));
  if (open_) {
    publish_ready();
    flush_settlements();
    request_fetches();
  }
  return std::move(out_);
}

void RelayCore::on(const LaneOpened& event) {
  forget_everything();
  open_ = true;
  opened_at_ = heard_at_ = next_due_ = settled_at_ = now_;
  clock_base_ = event.state.clock;
  wall_ = event.state.wall;
  unclean_ = recovering_ = event.state.unclean;
  if (event.state.suspect != harmless_) suspect_ = event.state.suspect;
  suspect_kills_ = event.state.suspect_kills;
  for (const auto& scope : event.state.blocked) sequences_.restore(scope);
  for (auto& state : states_) state.has_set_aside = true;  // perhaps the owner before us left some
  if (unclean_) {
    for (auto& pipe : pipes_) pipe.restart_window();
  }
}

// This process survives, so the message it had marked is not what ends relays.
void RelayCore::on(LaneLost) {
  std::optional<store::Ticket> harmless;
  if (const Tracked* marked = marked_ ? tracked_.find(*marked_) : nullptr) harmless = marked->ticket;
  forget_everything();
  harmless_ = harmless;
  if (stopping_ && !stopped_) give_up_stopping();
}

// There is no saying when the store comes back, and the next owner finds in it what was settled.
void RelayCore::give_up_stopping() {
  stopped_ = true;
  stopped_clean_ = false;
}

void RelayCore::forget_everything() {
  open_ = unclean_ = recovering_ = mark_durable_ = false;
  tracked_.clear();
  sequences_.clear();
  settle_.clear();
  for (auto& pipe : pipes_) pipe.reset();
  for (auto& state : states_) {
    state.ready.clear();
    state.in_flight = 0;
    state.probing = false;
    state.relieved_since.reset();
    state.has_set_aside = false;
    state.set_aside_in = 0;
  }
  for (auto& blame : blames_) blame.reset();
  proving_ = fetch_pending_ = due_pending_ = settle_pending_ = final_settle_ = false;
  outbox_exhausted_ = outbox_empty_ = retries_empty_ = false;
  fresh_fetched_ = fresh_durable_ = settlements_issued_ = settlements_durable_ = due_knows_ = last_retry_in_ = 0;
  leaving_.clear();
  unanswered_.clear();
  suspicions_.clear();
  suspect_.reset();
  marked_.reset();
  backlog_wanted_.clear();
  backlogs_pending_ = 0;
  set_aside_pending_ = false;
}

void RelayCore::on(BrokerUp event) {
  pipes_[event.broker.value].up(std::move(event.endpoint));
  auto blame_then = std::exchange(blames_[event.broker.value], std::nullopt);
  if (blame_then && now_ - blame_then->at <= back_at_once) blame(blame_then->tag, blame_then->end);
  for (const RouteIndex route : routes_of_broker_[event.broker.value]) {
    states_[route].at_fault = states_[route].probing = false;
    states_[route].backoff = Duration{0};
  }
}

void RelayCore::on(const BrokerDown& event) {
  const auto lone = pipes_[event.broker.value].down(event.reason);
  if (!lone) return;
  if (event.cause == broker::DownCause::protocol) {
    blame(*lone, LoneEnd{event.reason, true});
  } else if (event.cause == broker::DownCause::lost) {
    blames_[event.broker.value] = Blame{*lone, now_, LoneEnd{event.reason, false}};
  }
}

void RelayCore::on(BrokerBlocked event) { pipes_[event.broker.value].blocked(event.blocked, std::move(event.reason)); }

void RelayCore::on(RoutesPaused event) {
  for (RouteIndex route = 0; route < states_.size(); ++route) states_[route].paused = std::move(event.why[route]);
}

void RelayCore::on(StopRequested) {
  stopping_ = true;
  if (!open_) stopped_ = stopped_clean_ = true;
}

void RelayCore::on(Tick) {
  if (recovering_ && marked_ && mark_durable_ && now_ - marked_at_ >= recovery_patience) recovering_ = false;
}

// The others must pass meanwhile, so the suspect waits in the store and later goes out alone.
void RelayCore::blame(Tag tag, const LoneEnd& end) {
  Tracked* tracked = tracked_.find(tag);
  if (tracked == nullptr) return;
  if (tracked->in_flight) {
    // Handed over again between the loss of its answer and the news that the connection is gone.
    tracked->blamed = end;
    return;
  }
  tracked->suspect = true;
  std::erase(state_of(*tracked).ready, tag);
  if (counts_against(*tracked, end)) ++tracked->tries;
  if (tracked->tries > routes_.route(tracked->route).max_attempts) {
    fail(tag, "poison", end.words);
  } else {
    tell(*tracked, Incident::Kind::retried, "suspect", end.words);
    retry_later(tag, "suspect", end.words, wait_of_suspect(*tracked));
  }
}

// An outage must fail nobody, and a broken broker that takes connections and ends them is an outage. So the end of a
// connection counts against the message that stood alone only if
// - the broker named what it was sent as the reason, or
// - it has answered other messages since the connection last ended with this one alone: it is shown to be healthy
//   without it.
// Otherwise the message is only suspected, waits longer each time and lets the others go first. Poison that is alone in
// the whole outbox thus fails after more than max_attempts ends of the first kind, and poison among others of any kind.
bool RelayCore::counts_against(const Tracked& tracked, const LoneEnd& end) {
  if (suspicions_.size() >= most_suspicions) suspicions_.clear();
  const auto [entry, first] = suspicions_.try_emplace(tracked.ticket.value);
  Suspicion& suspicion = entry->second;
  const std::uint64_t answers = pipe_of(tracked.route).answers();
  const bool counts = end.named || (!first && answers > suspicion.answers);
  suspicion.answers = answers;
  suspicion.uncounted = counts ? 0 : suspicion.uncounted + 1;
  return counts;
}

Duration RelayCore::wait_of_suspect(const Tracked& tracked) const {
  constexpr Duration first = std::chrono::seconds{1};
  const std::uint32_t uncounted = suspicions_.at(tracked.ticket.value).uncounted;
  if (uncounted > 0) return first * (1U << std::min(uncounted - 1, 6U));
  return std::min<Duration>(routes_.route(tracked.route).resend_after, first * (1U << std::min(tracked.tries - 1, 5U)));
}

// The store's answer to what was asked then. It may be read long after it was given, by a process that stood still.
void RelayCore::heard(MonoTime asked_at) { heard_at_ = std::max(heard_at_, asked_at); }

bool RelayCore::may_publish() const { return open_ && !stopping_ && now_ - heard_at_ < longest_store_silence; }

bool RelayCore::any_broker_usable() const {
  return std::any_of(pipes_.begin(), pipes_.end(), [](const Pipe& pipe) { return pipe.is_up() && !pipe.is_blocked(); });
}

std::size_t RelayCore::in_flight() const {
  std::size_t sum = 0;
  for (const auto& pipe : pipes_) sum += pipe.in_flight();
  return sum;
}

// Asked for each message: most lanes have nothing blocked, and no name has to be built to know it.
bool RelayCore::is_stopped_route(RouteIndex route) const {
  return sequences_.blocked_count() > 0 && sequences_.must_park(whole(route));
}

LaneTime RelayCore::lane_now() const {
  return LaneTime{clock_base_.ms + std::chrono::duration_cast<std::chrono::milliseconds>(now_ - opened_at_).count()};
}

bool RelayCore::is_drained() const {
  return open_ && tracked_.count() == 0 && leaving_.empty() && settle_.empty() && !settle_pending_ && outbox_empty_ &&
         retries_empty_ && backlog_wanted_.empty() && backlogs_pending_ == 0;
}

MonoTime RelayCore::wake_at() const {
  MonoTime at = now_ + idle_tick;
  if (!open_) return at;
  if (!settle_.empty() && !settle_pending_) at = std::min(at, settle_.oldest() + std::chrono::milliseconds{50});
  if (!due_pending_) at = std::min(at, next_due_);
  for (const auto& state : states_) {
    if (state.at_fault && !state.ready.empty() && !state.probing) at = std::min(at, state.retry_at);
  }
  return std::max(at, now_ + std::chrono::milliseconds{1});
}

RouteFigures RelayCore::figures(RouteIndex route, MonoTime now) const {
  const RouteState& state = states_[route];
  const Pipe& pipe = pipes_[routes_.broker_of(route).value];
  RouteFigures figures;
  figures.in_flight = state.in_flight;
  figures.totals = state.totals;
  using State = RouteFigures::State;
  if (state.is_paused()) {
    figures.state = State::paused;
    figures.detail = state.paused;
  } else if (is_stopped_route(route)) {
    figures.state = State::paused;
    figures.detail = "stopped behind a failed message";
  } else if (!pipe.is_up()) {
    figures.state = State::down;
    figures.detail = pipe.detail();
  } else if (state.at_fault) {
    figures.state = State::down;
    figures.detail = state.detail;
  } else if (pipe.is_blocked()) {
    figures.state = State::stalled;
    figures.detail = pipe.detail();
  } else if (state.in_flight > 0 && now - state.waiting_since >= limits_.stalled_after) {
    figures.state = State::stalled;
    figures.detail = "connected, but the broker confirms nothing";
  } else if (state.in_flight > 0 || !state.ready.empty()) {
    figures.state = State::flowing;
  }
  return figures;
}

}  // namespace waybill::relay
