#include "broker/rabbitmq/publisher.hpp"

#include <poll.h>

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
  thread_ = std::thread([this] { run(); });
}

void RabbitPublisher::publish(std::vector<Outgoing> messages) {
  if (messages.empty()) return;
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = inbox_.empty();
    if (was_empty) {
      inbox_ = std::move(messages);
    } else {
      std::move(messages.begin(), messages.end(), std::back_inserter(inbox_));
    }
  }
  // Whoever found it empty wakes the thread; the others know that it is awake or about to be.
  if (was_empty) wakeup_.signal();
}

void RabbitPublisher::stop(Deadline deadline) {
  if (!thread_.joinable()) return;
  stop_by_ = deadline.at().time_since_epoch().count();
  stopping_ = true;
  wakeup_.signal();
  thread_.join();
}

void RabbitPublisher::run() {
  while (!stopping_) {
    const Interrupt interrupt{wakeup_.fd(), [this] { return refuse_inbox("not connected"); }};
    auto link = open_link(endpoint_, Deadline::after(connect_limit), interrupt, "waybill relay");
    if (stopping_) break;
    if (!link) {
      events_->on_down(DownCause::unreachable, link.error().message());
      const Duration wait = backoff_.next();
      pause(link.error().code() == ErrorCode::unauthorized ? std::max(wait, refused_pause) : wait);
      continue;
    }
    const Loss loss = serve(**link);
    if (stopping_) break;
    events_->on_down(loss.cause, loss.reason);
    pause(backoff_.next());
  }
  refuse_inbox("stopped");
}

Loss RabbitPublisher::serve(Link& link) {
  const MonoTime began = now();
  Session session(link, gate_);
  Loss loss{DownCause::lost, "stopped"};
  while (!stopping_ && exchange_frames(session, link, loss)) {
  }
  session.abandon(loss.reason);
  up_ = false;
  deliver(session.outcomes());
  if (std::exchange(blocked_, false)) events_->on_blocked(false, {});
  if (session.confirmed_any() || now() - began >= good_connection) backoff_.reset();
  if (stopping_) {
    const Deadline asked{MonoTime{Duration{stop_by_}}};
    const Deadline limit = Deadline::after(goodbye_limit);
    close_link(link, asked.at() < limit.at() ? asked : limit);
  }
  return loss;
}

bool RabbitPublisher::exchange_frames(Session& session, Link& link, Loss& loss) {
  if (session.ready() || up_) {
    session.accept(take_inbox());
  } else {
    refuse_inbox("not connected");
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
  link.wait(wakeup_.fd(), Deadline::after(std::chrono::seconds{60}));
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

std::vector<Outgoing> RabbitPublisher::take_inbox() {
  // The flag first: a message that arrives in between is either taken now or sets it again.
  wakeup_.clear();
  const std::lock_guard lock(mutex_);
  return std::exchange(inbox_, {});
}

bool RabbitPublisher::refuse_inbox(const char* why) {
  std::vector<Outcome> outcomes;
  for (const Outgoing& message : take_inbox()) outcomes.push_back({message.tag, OutcomeKind::unsent, why});
  deliver(outcomes);
  return !stopping_;
}

void RabbitPublisher::pause(Duration wait) {
  const Deadline deadline = Deadline::after(wait);
  while (refuse_inbox("not connected") && !deadline.passed()) {
    pollfd polled{wakeup_.fd(), POLLIN, 0};
    ::poll(&polled, 1, deadline.poll_timeout());
  }
}

}  // namespace waybill::broker::rabbitmq
