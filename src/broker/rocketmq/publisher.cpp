#include "broker/rocketmq/publisher.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "broker/protocol_guess.hpp"

namespace waybill::broker::rocketmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration send_limit = seconds{15};
constexpr Duration route_limit = seconds{5};
/// How old a route may be. RocketMQ's own clients take 30 s.
constexpr Duration route_age = seconds{20};
constexpr Duration used_lately = seconds{60};
constexpr Duration asking_pause = milliseconds{100};
/// What shares a call is confirmed or not as a whole, so neither many messages nor many bytes.
constexpr std::size_t batch_messages = 32;
constexpr std::size_t batch_bytes = 512 << 10;
/// A window of a thousand; more are answered no sooner, and what waits meanwhile makes fuller batches.
constexpr std::size_t batches_at_once = 32;

MonoTime now() { return std::chrono::steady_clock::now(); }

std::size_t bytes_of(const Parcel& parcel) { return parcel.outgoing.message->payload.size(); }

bool is_full(const std::vector<Parcel>& batch) {
  std::size_t bytes = 0;
  for (const Parcel& parcel : batch) bytes += bytes_of(parcel);
  return batch.size() >= batch_messages || bytes >= batch_bytes;
}

OutcomeKind outcome_of(Reply::Kind kind) {
  switch (kind) {
    case Reply::Kind::confirmed:
      return OutcomeKind::confirmed;
    case Reply::Kind::route_fault:
      return OutcomeKind::route_fault;
    case Reply::Kind::refused:
      return OutcomeKind::rejected;
    default:
      return OutcomeKind::in_doubt;
  }
}

}  // namespace

bool RocketMqPublisher::takes_more(const Proxy& proxy) { return proxy.usable() && proxy.sends < batches_at_once; }

Result<std::unique_ptr<Publisher>> RocketMqPublisher::open(const BrokerConfig& config) {
  auto settings = settings_of(config);
  if (!settings) return std::move(settings).error();
  return std::unique_ptr<Publisher>(new RocketMqPublisher(*std::move(settings)));
}

RocketMqPublisher::RocketMqPublisher(Settings settings) : settings_(std::move(settings)), identity_(settings_) {}

RocketMqPublisher::~RocketMqPublisher() { stop(Deadline::after(Duration::zero())); }

void RocketMqPublisher::start(PublisherEvents& events) {
  events_ = &events;
  calls_ = std::make_unique<Calls>([this] { thread_.wake(); });
  thread_.start([this] { run(); });
}

void RocketMqPublisher::publish(std::vector<Outgoing> messages) { thread_.add(std::move(messages)); }

void RocketMqPublisher::stop(Deadline deadline) { thread_.stop(deadline); }

void RocketMqPublisher::run() {
  for (const Address& address : settings_.proxies) proxy_at(address);
  while (!thread_.stopping()) {
    take_left();
    calls_->take_answers();
    look();
    come_up_or_go_down();
    if (up_) {
      try_again_where_it_is_time();
      for (auto& [name, topic] : topics_) pump(name, topic);
      keep_the_engine_informed();
    }
    deliver();
    thread_.wait(Deadline::after(is_calm() ? Duration{seconds{1}} : Duration{milliseconds{50}}));
  }
  give_up();
}

bool RocketMqPublisher::is_calm() const {
  return up_ && blocked_for_.empty() &&
         std::all_of(topics_.begin(), topics_.end(), [](const auto& topic) { return topic.second.waiting.empty(); });
}

void RocketMqPublisher::look() {
  for (auto& [address, proxy] : proxies_) {
    proxy->link.look();
    if (proxy->link.times_down() != proxy->times_down) take_loss(*proxy);
  }
}

void RocketMqPublisher::take_loss(Proxy& proxy) {
  proxy.times_down = proxy.link.times_down();
  for (Parcel& parcel : proxy.hold.release()) answer(parcel, OutcomeKind::in_doubt, proxy.link.complaint());
  // Perhaps its queues are somewhere else now.
  for (auto& [name, topic] : topics_) topic.asked_at = {};
}

void RocketMqPublisher::come_up_or_go_down() {
  Proxy* proxy = any_up();
  if (up_) {
    // What is under way by the last proxy is answered first.
    if (proxy == nullptr && sends_ == 0) go_down();
    return;
  }
  if (proxy != nullptr) {
    up_ = true;
    return events_->on_up(proxy->link.address().text());
  }
  for (auto& [name, topic] : topics_) refuse_topic(topic, OutcomeKind::unsent, "not connected");
  std::uint64_t failures = 0;
  for (const auto& [address, each] : proxies_) failures += each->link.times_down();
  if (std::exchange(failures_, failures) == failures) return;
  const Link& link = proxies_.at(settings_.proxies.front())->link;
  const std::string hint = hint_at_another(settings_.names(), settings_.expected());
  deliver();
  events_->on_down(DownCause::unreachable, link.complaint() + hint);
}

void RocketMqPublisher::go_down() {
  for (auto& [name, topic] : topics_) {
    refuse_topic(topic, OutcomeKind::unsent, "not connected");
    topic.route.reset();
  }
  up_ = false;
  blocked_for_.clear();
  deliver();
  failures_ = 0;
  for (const auto& [address, proxy] : proxies_) failures_ += proxy->link.times_down();
  events_->on_down(DownCause::lost, proxies_.at(settings_.proxies.front())->link.complaint());
}

void RocketMqPublisher::give_up() {
  take_left();
  for (auto& [address, proxy] : proxies_) {
    proxy->link.lose("stopped");
    take_loss(*proxy);
  }
  // A cancelled call ends at once, whatever its proxy does.
  while (sends_ > 0) {
    thread_.wait(Deadline::after(milliseconds{10}));
    take_left();
    calls_->take_answers();
  }
  for (auto& [name, topic] : topics_) refuse_topic(topic, OutcomeKind::unsent, "stopped");
  deliver();
}

void RocketMqPublisher::take_left() {
  for (Outgoing& outgoing : thread_.take()) {
    if (auto fault = message_fault(outgoing)) {
      answer(outgoing, OutcomeKind::undeliverable, *std::move(fault));
    } else {
      TopicState& topic = topics_[outgoing.exchange];
      topic.used_at = now();
      topic.waiting.push_back(std::move(outgoing));
    }
  }
}

bool RocketMqPublisher::is_in_use(const TopicState& topic) {
  return !topic.waiting.empty() || now() - topic.used_at < used_lately;
}

void RocketMqPublisher::pump(const std::string& name, TopicState& topic) {
  const Duration age = now() - topic.asked_at;
  if (is_in_use(topic) && !topic.asking && age > (topic.route ? route_age : asking_pause)) ask_route(name, topic);
  if (!topic.route || topic.waiting.empty()) return;
  std::vector<Parcel> batch;
  for (Outgoing& outgoing : std::exchange(topic.waiting, {})) {
    const bool gone = topic.route->delivering(outgoing) == Delivering::fifo ? send_in_line(name, topic, outgoing)
                                                                            : send_in_turn(topic, outgoing, batch);
    if (!gone) topic.waiting.push_back(std::move(outgoing));
  }
  send_or_keep(topic, std::move(batch));
}

// Messages of a group or with a time may have taken the room meanwhile.
void RocketMqPublisher::send_or_keep(TopicState& topic, std::vector<Parcel> batch) {
  if (batch.empty()) return;
  if (Proxy* proxy = next_of(topic)) return send(*proxy, std::move(batch));
  for (auto each = batch.rbegin(); each != batch.rend(); ++each) topic.waiting.push_front(std::move(each->outgoing));
}

bool RocketMqPublisher::send_in_line(const std::string& name, TopicState& topic, Outgoing& outgoing) {
  const std::string group = group_of(outgoing);
  std::string line = name + '\n' + group;
  if (lines_under_way_.count(line) > 0) return false;
  Proxy& proxy = proxy_at(topic.route->of_group(group));
  if (!proxy.usable()) return false;
  lines_under_way_.insert(line);
  send(proxy, {{std::move(outgoing), Delivering::fifo, std::move(line), false}});
  return true;
}

bool RocketMqPublisher::send_in_turn(TopicState& topic, Outgoing& outgoing, std::vector<Parcel>& batch) {
  const Delivering delivering = topic.route->delivering(outgoing);
  if (delivering == Delivering::normal && has_room(topic)) {
    batch.push_back({std::move(outgoing), delivering, {}, false});
    if (is_full(batch)) send_or_keep(topic, std::exchange(batch, {}));
    return true;
  }
  Proxy* proxy = delivering == Delivering::normal ? nullptr : next_of(topic);
  if (proxy == nullptr) return false;
  send(*proxy, {{std::move(outgoing), delivering, {}, false}});
  return true;
}

void RocketMqPublisher::ask_route(const std::string& name, TopicState& topic) {
  Proxy* proxy = any_up();
  if (proxy == nullptr) return;
  topic.asking = true;
  topic.asked_at = now();
  calls_->make<v2::QueryRouteRequest, v2::QueryRouteResponse>(
      proxy->link.stub(), &Stub::async_interface::QueryRoute,
      route_request(name, proxy->link.address(), settings_.resource_namespace), &proxy->link,
      [this](grpc::ClientContext& context) { identity_.introduce(context, route_limit); },
      [this, name](const grpc::Status& status, v2::QueryRouteResponse& response) {
        take_route(name, status, response);
      });
}

void RocketMqPublisher::take_route(const std::string& name, const grpc::Status& status,
                                   const v2::QueryRouteResponse& response) {
  TopicState& topic = topics_[name];
  topic.asking = false;
  if (!status.ok()) return;  // asked again, or the proxy is lost
  const v2::Code code = response.status().code();
  if (code == v2::OK) {
    topic.route = read_route(response);
    if (topic.route && !settings_.follow_routes) topic.route->queues = settings_.proxies;
    if (!topic.route) {
      return refuse_topic(topic, OutcomeKind::route_fault, "topic '" + name + "' has no queue to write to");
    }
    for (const Address& address : topic.route->queues) proxy_at(address);  // connects where it is new
  } else if (!topic.route) {
    // After a restart a proxy may not know its topics for a while: what we know of a route stands until a message is
    // refused.
    refuse_topic(topic, OutcomeKind::route_fault, words_of(response.status()));
  }
}

void RocketMqPublisher::refuse_topic(TopicState& topic, OutcomeKind kind, const std::string& words) {
  for (const Outgoing& outgoing : topic.waiting) answer(outgoing, kind, words);
  topic.waiting.clear();
}

RocketMqPublisher::Proxy& RocketMqPublisher::proxy_at(const Address& address) {
  auto& proxy = proxies_[address];
  if (!proxy) proxy = std::make_unique<Proxy>(settings_, identity_, address, *calls_);
  return *proxy;
}

RocketMqPublisher::Proxy* RocketMqPublisher::any_up() {
  for (const Address& address : settings_.proxies) {
    Proxy& proxy = proxy_at(address);
    if (proxy.link.up()) return &proxy;
  }
  for (auto& [address, proxy] : proxies_) {
    if (proxy->link.up()) return proxy.get();
  }
  return nullptr;
}

bool RocketMqPublisher::has_room(const TopicState& topic) {
  const auto& queues = topic.route->queues;
  return std::any_of(queues.begin(), queues.end(), [this](const Address& at) { return takes_more(proxy_at(at)); });
}

RocketMqPublisher::Proxy* RocketMqPublisher::next_of(TopicState& topic) {
  const auto& queues = topic.route->queues;
  for (std::size_t tries = 0; tries < queues.size(); ++tries) {
    Proxy& proxy = proxy_at(queues[topic.next++ % queues.size()]);
    if (takes_more(proxy)) return &proxy;
  }
  return nullptr;
}

void RocketMqPublisher::send(Proxy& proxy, std::vector<Parcel> parcels, Purpose purpose) {
  v2::SendMessageRequest request;
  for (const Parcel& parcel : parcels) {
    *request.add_messages() = make_message(parcel.outgoing, parcel.delivering, settings_.resource_namespace);
  }
  ++proxy.sends;
  ++sends_;
  auto sent = std::make_shared<std::vector<Parcel>>(std::move(parcels));
  calls_->make<v2::SendMessageRequest, v2::SendMessageResponse>(
      proxy.link.stub(), &Stub::async_interface::SendMessage, std::move(request), &proxy.link,
      [this](grpc::ClientContext& context) { identity_.introduce(context, send_limit); },
      [this, &proxy, sent, purpose, of = proxy.link.times_down()](const grpc::Status& status,
                                                                  v2::SendMessageResponse& response) {
        --proxy.sends;
        --sends_;
        Reply reply = read_reply(status, response);
        if (reply.kind == Reply::Kind::lost) {
          if (of == proxy.link.times_down()) proxy.link.lose(reply.words);
          reply.words = proxy.link.complaint();
        }
        take_reply(proxy, std::move(*sent), purpose, reply);
      });
}

void RocketMqPublisher::take_reply(Proxy& proxy, std::vector<Parcel> parcels, Purpose purpose, const Reply& reply) {
  if (reply.kind != Reply::Kind::lost) proxy.link.heard();
  // Either may be the fault of a route that is no longer so.
  if (reply.kind == Reply::Kind::route_fault) topics_[parcels.front().outgoing.exchange].route.reset();
  if (reply.kind == Reply::Kind::refused) topics_[parcels.front().outgoing.exchange].asked_at = {};
  if (reply.kind == Reply::Kind::refused && parcels.size() > 1) {
    // For the fault of one of them: each is asked for by itself.
    for (Parcel& parcel : parcels) send(proxy, {std::move(parcel)});
    return;
  }
  const bool is_held = reply.kind == Reply::Kind::busy || reply.kind == Reply::Kind::doubtful;
  for (Parcel& parcel : parcels) {
    if (!is_held) {
      answer(parcel, outcome_of(reply.kind), reply.words);
      continue;
    }
    parcel.doubtful = parcel.doubtful || reply.kind == Reply::Kind::doubtful;
    if (purpose == Purpose::trial) {
      proxy.hold.tried_in_vain(std::move(parcel), reply.words, now());
    } else {
      proxy.hold.add(std::move(parcel), reply.words, now());
    }
  }
  if (purpose == Purpose::trial && !is_held && reply.kind != Reply::Kind::lost) proxy.hold.answered(now());
}

void RocketMqPublisher::try_again_where_it_is_time() {
  for (auto& [address, proxy] : proxies_) {
    if (!proxy->link.up()) continue;
    for (Parcel& trial : proxy->hold.take_trials(now())) {
      // A consumer is to see that this may be a second one.
      if (trial.doubtful) ++trial.outgoing.attempt;
      send(*proxy, {std::move(trial)}, Purpose::trial);
    }
  }
}

// Blocked is who has nowhere to send to because brokers answer for nothing.
void RocketMqPublisher::keep_the_engine_informed() {
  std::string reason;
  for (const auto& [address, proxy] : proxies_) {
    if (!proxy->hold.empty()) reason = proxy->hold.reason();
  }
  const auto leads_on = [this](const Address& at) { return proxy_at(at).usable(); };
  for (const auto& [name, topic] : topics_) {
    if (!topic.route || !is_in_use(topic)) continue;
    if (std::any_of(topic.route->queues.begin(), topic.route->queues.end(), leads_on)) reason.clear();
  }
  if (reason == blocked_for_) return;
  blocked_for_ = reason;
  deliver();
  events_->on_blocked(!reason.empty(), reason);
}

void RocketMqPublisher::answer(Parcel& parcel, OutcomeKind kind, std::string words) {
  lines_under_way_.erase(parcel.line);
  answer(parcel.outgoing, kind, std::move(words));
}

void RocketMqPublisher::answer(const Outgoing& outgoing, OutcomeKind kind, std::string words) {
  outcomes_.push_back({outgoing.tag, kind, std::move(words)});
}

void RocketMqPublisher::deliver() {
  if (!outcomes_.empty()) events_->on_outcomes(std::exchange(outcomes_, {}));
}

}  // namespace waybill::broker::rocketmq
