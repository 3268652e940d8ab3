#include "relay/direct_sender.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "core/uuid.hpp"
#include "core/validate.hpp"
#include "relay/outgoing.hpp"
#include "relay/refusal.hpp"

namespace waybill::relay {
namespace {

using namespace std::chrono_literals;
using broker::OutcomeKind;
using redis::Answered;
using Clock = std::chrono::steady_clock;

/// How long nothing is stored after Redis could not be asked.
constexpr auto pause_after_error = 200ms;
constexpr auto look_interval = 1s;

Duration shortest_hold(const Config& config) {
  Duration shortest = 24h;
  for (const auto& route : config.routes) shortest = std::min(shortest, route.resend_after);
  return shortest;
}

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

DirectSender::DirectSender(const Config& config, const StoreConfig& outbox, std::unique_ptr<store::Store> store,
                           OnAnswer on_answer, LogSink log)
    : name_(make_uuid7()),
      on_answer_(std::move(on_answer)),
      log_(std::move(log)),
      window_(config.relay.window),
      // Often enough that one renewal may be late.
      renew_every_(shortest_hold(config) / 3),
      outbox_(outbox, name_, process_name()),
      routes_(config),
      paused_(not_known_yet(config.routes)),
      lines_(config.brokers.size()),
      settling_(outbox, name_, process_name()),
      store_(std::move(store)) {
  {
    Lock lock(mutex_);
    learn_pauses(lock);
  }
  for (std::size_t i = 0; i < config.brokers.size(); ++i) {
    auto publisher = broker::open_publisher(config.brokers[i]);
    if (!publisher) {
      lines_[i].why = publisher.error().message();
      log_("error", "broker '" + config.brokers[i].name + "': " + lines_[i].why);
      continue;
    }
    const auto post = [this](Event event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
      changed_.notify_all();
    };
    auto line = std::make_unique<BrokerLine>(BrokerIndex{i}, config.brokers[i].name, std::move(*publisher), post, log_);
    const std::lock_guard lock(mutex_);
    lines_[i].publisher = std::move(line);
  }
  renew_at_ = Clock::now() + renew_every_;
  store_at_ = Clock::now();
  thread_ = std::thread([this] { work(); });
}

DirectSender::~DirectSender() { stop(0ms); }

class DirectSender::Call {
 public:
  /// Under the sender's lock.
  explicit Call(DirectSender& sender) : sender_(sender) { ++sender_.calls_; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    --sender_.calls_;
    sender_.changed_.notify_all();
  }

 private:
  DirectSender& sender_;
};

Result<MessageId> DirectSender::send(const Message& message) {
  if (auto valid = validate(message); !valid) return valid.error();
  auto sent = std::make_shared<Message>(message);
  if (sent->id.empty()) sent->id = MessageId{make_uuid7()};
  Lock lock(mutex_);
  if (stopping_) return Error{ErrorCode::refused, "the sender has been stopped"};
  const Call call(*this);
  return persist_and_publish(std::move(sent), lock);
}

// Locked when it is called and when it returns, but not while it asks Redis.
Result<MessageId> DirectSender::persist_and_publish(std::shared_ptr<Message> message, Lock& lock) {
  auto route = route_of(*message);
  if (!route) return route.error();
  const Open open{{outbox_.lane_of(*message), message->id}, *route};
  if (message->not_before) return leave_to_relay(*message, open.held.lane, "it is not due yet", lock);
  Line& line = lines_[routes_.broker_of(*route).value];
  const auto tag = take_place(open, lock);
  if (!tag) {
    const auto& paused = paused_[*route];
    return leave_to_relay(*message, open.held.lane, paused.empty() ? line.why : "the route is held back: " + paused,
                          lock);
  }
  lock.unlock();
  const auto held = hold(open, *message);
  if (held) {
    auto outgoing = outgoing_of(routes_.route(*route), std::move(message));
    outgoing.tag = *tag;
    outgoing.persisted_at_ms = unix_ms();
    line.publisher->publish({std::move(outgoing)});
  }
  lock.lock();
  if (held) return open.held.id;
  give_back(*tag);
  return held.error();
}

Result<RouteIndex> DirectSender::route_of(const Message& message) {
  const auto& topic = message.topic.str();
  const auto route = routes_.find(topic);
  if (!route) return Error{ErrorCode::not_found, "no route has the topic '" + topic + "': add a [[route]]"};
  if (routes_.route(*route).order == Order::key) {
    return Error{ErrorCode::unsupported, "the route '" + routes_.route(*route).topic +
                                             "' keeps the order of keys, which only a relay can: send by the outbox"};
  }
  if (open_ids_.contains(message.id.str())) {
    return Error{ErrorCode::invalid_argument, "a message with the id '" + message.id.str() + "' is unanswered still"};
  }
  return *route;
}

// A callback that sends must not wait for the thread that it runs on.
std::optional<broker::Tag> DirectSender::take_place(const Open& open, Lock& lock) {
  const Line& line = lines_[routes_.broker_of(open.route).value];
  const auto is_held_up = [&] { return stopping_ || !line.takes() || !paused_[open.route].empty(); };
  const bool may_wait = std::this_thread::get_id() != thread_.get_id();
  if (may_wait) changed_.wait(lock, [&] { return is_held_up() || open_.size() < window_; });
  if (is_held_up()) return std::nullopt;
  const broker::Tag tag{++last_tag_};
  open_.emplace(tag.value, open);
  open_ids_.insert(open.held.id.str());
  return tag;
}

void DirectSender::give_back(broker::Tag tag) {
  const auto found = open_.find(tag.value);
  open_ids_.erase(found->second.held.id.str());
  open_.erase(found);
  changed_.notify_all();
}

Status DirectSender::hold(const Open& open, const Message& message) {
  const Lock lock(persisting_);
  const RouteConfig& route = routes_.route(open.route);
  return outbox_.hold(open.held.lane, message, route.topic, route.resend_after);
}

Result<MessageId> DirectSender::leave_to_relay(const Message& message, std::uint32_t lane, std::string why,
                                               Lock& lock) {
  lock.unlock();
  const auto left = [&] {
    const Lock persisting(persisting_);
    return outbox_.leave(lane, message);
  }();
  lock.lock();
  if (!left) return left.error();
  relayed_.push_back({message.id, Answer::Kind::relayed, Answer::Next::relay, std::move(why)});
  changed_.notify_all();
  return message.id;
}

void DirectSender::work() {
  Lock lock(mutex_);
  while (!ended_ || !events_.empty() || !relayed_.empty()) {
    auto wake_at = std::min(renew_at_, look_at_);
    if (!unstored_.empty()) wake_at = std::min(wake_at, store_at_);
    changed_.wait_until(lock, wake_at, [&] {
      return ended_ || !events_.empty() || !relayed_.empty() || (!unstored_.empty() && Clock::now() >= store_at_);
    });
    while (!relayed_.empty()) {
      const Answer answer = std::move(relayed_.front());
      relayed_.pop_front();
      tell(answer, lock);
    }
    while (!events_.empty()) {
      Event event = std::move(events_.front());
      events_.pop_front();
      take(std::move(event), lock);
    }
    if (!unstored_.empty() && Clock::now() >= store_at_) store_answers(lock);
    if (Clock::now() >= renew_at_) go_on_holding(lock);
    if (Clock::now() >= look_at_) learn_pauses(lock);
    changed_.notify_all();
  }
}

void DirectSender::take(Event event, Lock& lock) {
  if (const auto* up = std::get_if<BrokerUp>(&event)) {
    Line& line = lines_[up->broker.value];
    line.up = true;
    line.endpoint = up->endpoint;
  } else if (const auto* down = std::get_if<BrokerDown>(&event)) {
    Line& line = lines_[down->broker.value];
    line.up = line.blocked = false;
    line.why = down->reason;
  } else if (const auto* blocked = std::get_if<BrokerBlocked>(&event)) {
    Line& line = lines_[blocked->broker.value];
    line.blocked = blocked->blocked;
    if (line.blocked) line.why = "the broker takes no messages now: " + blocked->reason;
  } else if (const auto* arrived = std::get_if<OutcomesArrived>(&event)) {
    for (const auto& outcome : arrived->outcomes) take(outcome, lines_[arrived->broker.value], lock);
  }
}

void DirectSender::take(const broker::Outcome& outcome, Line& line, Lock& lock) {
  const auto found = open_.find(outcome.tag.value);
  if (found == open_.end()) return;
  const Open open = std::move(found->second);
  open_.erase(found);
  open_ids_.erase(open.held.id.str());
  Answer answer;
  answer.id = open.held.id;
  answer.text = outcome.answer;
  auto answered = meaning_of(outcome, open, answer);
  answered.endpoint = line.endpoint;
  unstored_.push_back(std::move(answered));
  tell(answer, lock);
}

// The same policies as the relay's, for a first try.
Answered DirectSender::meaning_of(const broker::Outcome& outcome, const Open& open, Answer& answer) const {
  const RouteConfig& route = routes_.route(open.route);
  Answered answered;
  answered.held = open.held;
  answered.answer = outcome.answer;
  const auto becomes = [&](Answer::Kind kind, Answer::Next next, Answered::State state, const char* reason) {
    answer.kind = kind;
    answer.next = next;
    answered.state = state;
    answered.reason = reason;
  };
  switch (outcome.kind) {
    case OutcomeKind::confirmed:
      becomes(Answer::Kind::ack, Answer::Next::nothing, Answered::State::confirmed, "");
      break;
    case OutcomeKind::rejected:
    case OutcomeKind::unroutable: {
      const char* reason = outcome.kind == OutcomeKind::rejected ? "rejected" : "unroutable";
      answered.tries = 1;
      answered.wait = route.resend_after;
      switch (after_refusal(route, outcome.kind, answered.tries)) {
        case AfterRefusal::again:
          becomes(Answer::Kind::nack, Answer::Next::relay, Answered::State::sending, reason);
          break;
        case AfterRefusal::drop:
          becomes(Answer::Kind::nack, Answer::Next::dropped, Answered::State::dropped, reason);
          break;
        case AfterRefusal::fail:
          becomes(Answer::Kind::nack, Answer::Next::failed, Answered::State::failed, reason);
          break;
      }
      break;
    }
    case OutcomeKind::in_doubt:
      answered.wait = route.resend_after;
      becomes(Answer::Kind::in_doubt, Answer::Next::relay, Answered::State::sending, "unanswered");
      break;
    case OutcomeKind::undeliverable:
      answered.attempts = 0;
      becomes(Answer::Kind::nack, Answer::Next::failed, Answered::State::failed, "malformed");
      break;
    case OutcomeKind::unsent:
    case OutcomeKind::route_fault:
      answered.attempts = 0;
      becomes(Answer::Kind::relayed, Answer::Next::relay, Answered::State::sending, "delayed");
      break;
  }
  return answered;
}

void DirectSender::tell(const Answer& answer, Lock& lock) {
  lock.unlock();
  on_answer_(answer);
  lock.lock();
}

// What can't be stored now is kept: the messages are held meanwhile, or the relay sends them a second time.
void DirectSender::store_answers(Lock& lock) {
  auto batch = std::exchange(unstored_, {});
  storing_ = true;
  lock.unlock();
  const auto stored = settling_.answered(batch);
  lock.lock();
  storing_ = false;
  if (stored) return;
  log_("error", "can't store the answers of the broker: " + stored.error().message());
  unstored_.insert(unstored_.begin(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  store_at_ = Clock::now() + pause_after_error;
}

void DirectSender::go_on_holding(Lock& lock) {
  std::map<RouteIndex, std::vector<redis::Held>> held;
  for (const auto& [tag, open] : open_) held[open.route].push_back(open.held);
  lock.unlock();
  for (const auto& [route, messages] : held) {
    auto done = settling_.hold_on(messages, routes_.route(route).resend_after);
    if (!done) log_("warn", "can't go on holding what is unanswered: " + done.error().message());
  }
  renew_at_ = Clock::now() + renew_every_;
  lock.lock();
}

// With Redis away what was known stays.
void DirectSender::learn_pauses(Lock& lock) {
  lock.unlock();
  const auto pauses = store_->pauses();
  lock.lock();
  if (pauses) paused_ = paused_routes(routes_.routes(), *pauses);
  look_at_ = Clock::now() + look_interval;
}

bool DirectSender::stop(std::chrono::milliseconds limit) {
  Lock lock(mutex_);
  if (stopping_) return ended_ && all_is_stored();
  stopping_ = true;
  changed_.notify_all();
  const bool clean = changed_.wait_for(lock, limit, [this] { return all_is_told() && all_is_stored(); });
  // Redis answers a call of send() in bounded time.
  changed_.wait(lock, [this] { return calls_ == 0; });
  std::vector<std::unique_ptr<BrokerLine>> publishers;
  publishers.reserve(lines_.size());
  for (auto& line : lines_) publishers.push_back(std::move(line.publisher));
  lock.unlock();
  publishers.clear();  // tells what is open as in doubt
  lock.lock();
  ended_ = true;
  changed_.notify_all();
  lock.unlock();
  thread_.join();
  return clean;
}

}  // namespace waybill::relay
