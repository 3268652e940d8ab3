#include "broker/rabbitmq/publisher.hpp"

#include <algorithm>
#include <utility>

namespace waybill::broker::rabbitmq {
namespace {

constexpr Duration connect_limit = std::chrono::seconds{5};
/// A refused password does not get better by asking often, and each refusal fills the broker's log.
constexpr Duration refused_pause = std::chrono::seconds{5};
/// A connection that lasted so long was a good one, even if nothing was published on it.
constexpr Duration good_connection = std::chrono::seconds{5};
constexpr Duration goodbye_limit = std::chrono::milliseconds{500};

MonoTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

RabbitPublisher::RabbitPublisher(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

RabbitPublisher::~RabbitPublisher() { stop(Deadline::after(Duration::zero())); }

void RabbitPublisher::start(PublisherEvents& events) {
  events_ = &events;
  thread_.start([this] { run(); });
}

void RabbitPublisher::publish(std::vector<Outgoing> messages) { thread_.add(std::move(messages)); }

void RabbitPublisher::stop(Deadline deadline) { thread_.stop(deadline); }

void RabbitPublisher::run() {
  while (!thread_.stopping()) {
    const Interrupt interrupt{thread_.fd(), [this] { return refuse_left("not connected"); }};
    auto link = open_link(endpoint_, Deadline::after(connect_limit), interrupt, "waybill relay");
    if (thread_.stopping()) break;
    if (!link) {
      events_->on_down(DownCause::unreachable, link.error().message());
      const Duration wait = backoff_.next();
      pause(link.error().code() == ErrorCode::unauthorized ? std::max(wait, refused_pause) : wait);
      continue;
    }
    const Loss loss = serve(**link);
    if (thread_.stopping()) break;
    events_->on_down(loss.cause, loss.reason);
    pause(backoff_.next());
  }
  refuse_left("stopped");
}

Loss RabbitPublisher::serve(Link& link) {
  const MonoTime began = now();
  Session session(link, gate_);
  Loss loss{DownCause::lost, "stopped"};
  while (!thread_.stopping() && exchange_frames(session, link, loss)) {
  }
  session.abandon(loss.reason);
  up_ = false;
  deliver(session.outcomes());
  if (std::exchange(blocked_, false)) events_->on_blocked(false, {});
  if (session.confirmed_any() || now() - began >= good_connection) backoff_.reset();
  if (thread_.stopping()) {
    close_link(link, thread_.end_by(goodbye_limit));
  }
  return loss;
}

bool RabbitPublisher::exchange_frames(Session& session, Link& link, Loss& loss) {
  if (session.ready() || up_) {
    session.accept(thread_.take());
  } else {
    refuse_left("not connected");
  }
  if (auto lost = session.advance(now())) {
    loss = std::move(*lost);
    return false;
  }
  if (session.ready() && !up_) {
    up_ = true;
    events_->on_up(endpoint_.name());
  }
  follow_blocked(session);
  deliver(session.outcomes());
  link.wait(thread_.fd(), Deadline::after(std::chrono::seconds{60}));
  return true;
}

void RabbitPublisher::follow_blocked(const Session& session) {
  if (session.blocked() == blocked_) return;
  blocked_ = session.blocked();
  events_->on_blocked(blocked_, blocked_ ? session.blocked_reason() : std::string());
}

void RabbitPublisher::deliver(std::vector<Outcome>& outcomes) {
  if (!outcomes.empty()) events_->on_outcomes(std::exchange(outcomes, {}));
}

bool RabbitPublisher::refuse_left(const char* why) {
  std::vector<Outcome> outcomes;
  for (const Outgoing& message : thread_.take()) outcomes.push_back({message.tag, OutcomeKind::unsent, why});
  deliver(outcomes);
  return !thread_.stopping();
}

void RabbitPublisher::pause(Duration wait) {
  const Deadline deadline = Deadline::after(wait);
  while (refuse_left("not connected") && !deadline.passed()) thread_.wait(deadline);
}

}  // namespace waybill::broker::rabbitmq
