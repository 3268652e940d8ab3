// What the brokers say about messages.

#include <algorithm>
#include <optional>
#include <utility>

#include "relay/core.hpp"
#include "relay/outgoing.hpp"
#include "relay/refusal.hpp"

namespace waybill::relay {
namespace {

using broker::OutcomeKind;

constexpr Duration first_fault_backoff = std::chrono::seconds{1};
constexpr Duration longest_fault_backoff = std::chrono::seconds{30};

}  // namespace

void RelayCore::on(const OutcomesArrived& event) {
  std::vector<Tag> again;
  for (const auto& outcome : event.outcomes) take_outcome(event.broker, outcome, again);
  queue_again(std::move(again));
}

void RelayCore::take_outcome(BrokerIndex broker, const broker::Outcome& outcome, std::vector<Tag>& again) {
  Tracked* tracked = tracked_.find(outcome.tag);
  if (tracked == nullptr || !tracked->in_flight) return;  // of a lane that was lost meanwhile
  const Tag tag = outcome.tag;
  Pipe& pipe = pipes_[broker.value];
  RouteState& state = state_of(*tracked);
  pipe.answered(tag, tracked->message->id.str());
  tracked->in_flight = false;
  --state.in_flight;
  state.probing = false;
  if (recovering_ && marked_ == tag) recovering_ = false;
  note(*tracked, outcome);
  switch (outcome.kind) {
    case OutcomeKind::confirmed:
      ++state.totals.confirmed;
      measure(*tracked, state.totals);
      confirm(tag);
      break;
    case OutcomeKind::rejected:
      ++state.totals.rejected;
      refused(tag, outcome);
      break;
    case OutcomeKind::unroutable:
      ++state.totals.unroutable;
      refused(tag, outcome);
      break;
    case OutcomeKind::in_doubt:
      ++state.totals.in_doubt;
      tracked->doubt = true;
      tracked->answer = outcome.answer;
      pipe.lost(tag);
      send_again(tag, again);
      break;
    case OutcomeKind::unsent:
      pipe.closed();
      take_back(*tracked);
      send_again(tag, again);
      break;
    case OutcomeKind::undeliverable:
      take_back(*tracked);
      fail(tag, "malformed", outcome.answer);
      break;
    case OutcomeKind::route_fault:
      take_back(*tracked);
      exchange_at_fault(tag, outcome.answer, again);
      break;
  }
}

/// What an answer says of broker and route, and to those who watch.
void RelayCore::note(const Tracked& tracked, const broker::Outcome& outcome) {
  const bool answered_by_broker = outcome.kind == OutcomeKind::confirmed || outcome.kind == OutcomeKind::rejected ||
                                  outcome.kind == OutcomeKind::unroutable;
  if (answered_by_broker) {
    pipe_of(tracked.route).healthy();
    suspicions_.erase(tracked.ticket.value);
    RouteState& state = state_of(tracked);
    state.waiting_since = now_;
    state.relieved_since.reset();
    state.at_fault = false;
    state.backoff = Duration{0};
  }
  if (!answered_by_broker && outcome.kind != OutcomeKind::in_doubt) return;
  sample(tracked, outcome);
  if (traces_) trace(tracked, outcome);
}

void RelayCore::sample(const Tracked& tracked, const broker::Outcome& outcome) {
  const bool is_confirm = outcome.kind == OutcomeKind::confirmed;
  if (!samples_.wants(is_confirm)) return;
  samples_.keep(
      {0, tracked.route, tracked.message->id.str(), tracked.message->topic.str(), outcome.kind, outcome.answer,
       tracked.publications, std::chrono::duration<double>(now_ - tracked.published_at).count()},
      is_confirm);
}

void RelayCore::trace(const Tracked& tracked, const broker::Outcome& outcome) {
  const Message& message = *tracked.message;
  auto context = recorded_trace(message);
  if (!context || !spans_.has_place()) return;
  Span span;
  span.context = *std::move(context);
  span.route = tracked.route;
  span.id = message.id.str();
  span.topic = message.topic.str();
  auto published = outgoing_of(routes_.route(tracked.route), tracked.message);
  span.exchange = std::move(published.exchange);
  span.routing_key = std::move(published.routing_key);
  span.endpoint = pipe_of(tracked.route).endpoint();
  span.payload_bytes = message.payload.size();
  span.attempt = tracked.publications;
  span.outcome = outcome.kind;
  span.answer = outcome.answer;
  span.published_at = tracked.published_at;
  span.answered_at = now_;
  spans_.keep(std::move(span));
}

// The store's clock as it was heard last, carried on by ours: no two hosts' clocks are compared.
void RelayCore::measure(const Tracked& confirmed, RouteTotals& totals) const {
  totals.confirm.add(now_ - confirmed.published_at);
  if (wall_.unix_ms == 0 || confirmed.stored_at_ms <= 0) return;
  const auto before = std::max<std::int64_t>(wall_.unix_ms - confirmed.stored_at_ms, -1'000'000'000);
  totals.commit_to_confirm.add(now_ - wall_.at + std::chrono::milliseconds{before});
}

// Unless it was blamed meanwhile for the end of an earlier connection.
void RelayCore::send_again(Tag tag, std::vector<Tag>& again) {
  if (const auto blamed = std::exchange(tracked_.find(tag)->blamed, std::nullopt)) {
    blame(tag, *blamed);
  } else {
    again.push_back(tag);
  }
}

// It never reached the broker: the publication did not happen.
void RelayCore::take_back(Tracked& tracked) {
  --tracked.publications;
  auto& totals = state_of(tracked).totals;
  if (tracked.publications > 0) --totals.resent;
  if (tracked.doubt) --totals.duplicates_possible;
}

// The broker has answered, so it does not have the message: this try counts.
void RelayCore::refused(Tag tag, const broker::Outcome& outcome) {
  Tracked& tracked = *tracked_.find(tag);
  const RouteConfig& route = routes_.route(tracked.route);
  const char* reason = outcome.kind == OutcomeKind::unroutable ? "unroutable" : "rejected";
  switch (after_refusal(route, outcome.kind, ++tracked.tries)) {
    case AfterRefusal::again:
      tell(tracked, Incident::Kind::retried, reason, outcome.answer);
      retry_later(tag, reason, outcome.answer, route.resend_after);
      break;
    case AfterRefusal::drop:
      tell(tracked, Incident::Kind::dropped, reason, outcome.answer);
      drop(tag);
      break;
    case AfterRefusal::fail:
      fail(tag, reason, outcome.answer);
      break;
  }
}

// A missing exchange is the route's fault and holds the route, unless the message itself names the exchange.
void RelayCore::exchange_at_fault(Tag tag, const std::string& answer, std::vector<Tag>& again) {
  Tracked& tracked = *tracked_.find(tag);
  if (routes_.exchange_is_templated(tracked.route)) {
    ++tracked.tries;
    try_again_or_fail(tag, "route_fault", answer, routes_.route(tracked.route).resend_after);
    return;
  }
  RouteState& state = state_of(tracked);
  if (!state.at_fault) tell(tracked, Incident::Kind::retried, "route_fault", answer);
  if (!state.at_fault || now_ >= state.retry_at) {
    state.backoff =
        state.backoff == Duration{0} ? first_fault_backoff : std::min(state.backoff * 2, longest_fault_backoff);
    state.retry_at = now_ + state.backoff;
  }
  state.at_fault = true;
  state.detail = answer;
  again.push_back(tag);
}

// They go out first, in the order in which they were handed out.
void RelayCore::queue_again(std::vector<Tag> tags) {
  std::sort(tags.begin(), tags.end(),
            [this](Tag a, Tag b) { return tracked_.find(a)->order > tracked_.find(b)->order; });
  for (const Tag tag : tags) state_of(*tracked_.find(tag)).ready.push_front(tag);
}

}  // namespace waybill::relay
