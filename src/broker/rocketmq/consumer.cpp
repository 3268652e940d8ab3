#include "broker/rocketmq/consumer.hpp"

#include <poll.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "broker/rocketmq/message.hpp"
#include "broker/rocketmq/reply.hpp"
#include "broker/rocketmq/topic_route.hpp"

namespace waybill::broker::rocketmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration answer_limit = seconds{5};
constexpr Duration route_age = seconds{20};
constexpr Duration asking_pause = milliseconds{200};
constexpr Duration ack_pause = milliseconds{200};
constexpr Duration goodbye_limit = seconds{3};
/// RocketMQ's own default; only told to the broker, which keeps its own count.
constexpr int max_attempts = 16;

MonoTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

RocketMqConsumer::RocketMqConsumer(Settings settings, Subscription subscription, std::uint16_t prefetch)
    : settings_(std::move(settings)),
      subscription_(std::move(subscription)),
      asking_identity_(settings_),
      identity_(settings_),
      receipts_(prefetch),
      calls_(std::make_unique<Calls>([this] { wakeup_.signal(); })) {}

RocketMqConsumer::~RocketMqConsumer() {
  receipts_.stop();
  finish(Deadline::after(goodbye_limit));
  receivers_.clear();
}

Result<std::optional<Delivery>> RocketMqConsumer::receive(milliseconds wait) {
  const Deadline deadline = Deadline::after(wait);
  if (links_.empty()) {
    for (const Address& address : settings_.proxies) {
      links_.push_back(std::make_unique<Link>(settings_, asking_identity_, address, *calls_));
    }
  }
  while (!stopped_) {
    wakeup_.clear();
    calls_->take_answers();
    send_acks();
    look_for_brokers();
    if (auto delivery = receipts_.hand_out()) {
      delivery->session = 1;
      return delivery;
    }
    if (auto status = fault(); !status) return std::move(status).error();
    if (deadline.passed()) break;
    const Deadline next(std::min(deadline.at(), now() + Duration{milliseconds{200}}));
    pollfd polled{wakeup_.fd(), POLLIN, 0};
    ::poll(&polled, 1, next.poll_timeout());
  }
  return std::optional<Delivery>();
}

Status RocketMqConsumer::fault() {
  for (const auto& [source, receiver] : receivers_) {
    if (auto status = receiver->take_fault(); !status) return status;
  }
  for (const auto& link : links_) {
    if (!link->up() && link->is_refused()) return Error(ErrorCode::unauthorized, link->complaint());
  }
  return std::exchange(fault_, Status());
}

void RocketMqConsumer::look_for_brokers() {
  for (const auto& link : links_) link->look();
  const Duration age = now() - asked_at_;
  if (asking_ || age < (receivers_.empty() ? asking_pause : route_age)) return;
  const auto link = std::find_if(links_.begin(), links_.end(), [](const auto& one) { return one->up(); });
  if (link == links_.end()) return;
  asking_ = true;
  asked_at_ = now();
  calls_->make<v2::QueryRouteRequest, v2::QueryRouteResponse>(
      (*link)->stub(), &Stub::async_interface::QueryRoute,
      route_request(subscription_.topic, (*link)->address(), settings_.resource_namespace), link->get(),
      [this](grpc::ClientContext& context) { asking_identity_.introduce(context, answer_limit); },
      [this](const grpc::Status& status, v2::QueryRouteResponse& response) { take_route(status, response); });
}

void RocketMqConsumer::take_route(const grpc::Status& status, const v2::QueryRouteResponse& response) {
  asking_ = false;
  if (!status.ok()) return;
  if (response.status().code() != v2::OK) {
    // A proxy that has just started may not know its topics yet; whom we have goes on receiving.
    if (receivers_.empty()) {
      fault_ = Error(refuses_us(response.status().code()) ? ErrorCode::unauthorized : ErrorCode::not_found,
                     "topic '" + subscription_.topic + "': " + words_of(response.status()));
    }
    return;
  }
  std::set<Source> sources;
  for (const auto& [broker, address] : read_sources(response)) {
    sources.insert({broker, settings_.follow_routes ? address : settings_.proxies.front()});
  }
  std::erase_if(receivers_, [&](const auto& each) {
    if (sources.count(each.first) > 0) return false;
    acks_.erase(each.second.get());
    return true;
  });
  for (const Source& source : sources) {
    auto& receiver = receivers_[source];
    if (receiver) continue;
    receiver = std::make_unique<Receiver>(settings_, identity_, subscription_, source, receipts_,
                                          [this] { wakeup_.signal(); });
  }
}

const Receiver* RocketMqConsumer::receiver_of(const Receipt& receipt) const {
  for (const auto& [source, receiver] : receivers_) {
    if (receiver.get() == receipt.from) return receiver.get();
  }
  return nullptr;
}

void RocketMqConsumer::ack(const Delivery& delivery) {
  auto receipt = receipts_.take(delivery.tag);
  const Receiver* receiver = receipt ? receiver_of(*receipt) : nullptr;
  if (receiver == nullptr) return;
  calls_->take_answers();
  Acks& acks = acks_[receiver];
  acks.waiting.push_back(*std::move(receipt));
  send_acks(*receiver, acks);
}

void RocketMqConsumer::send_acks() {
  for (const auto& [source, receiver] : receivers_) send_acks(*receiver, acks_[receiver.get()]);
}

void RocketMqConsumer::send_acks(const Receiver& receiver, Acks& acks) {
  if (acks.under_way || acks.waiting.empty() || now() < acks.not_before) return;
  auto request = request_of<v2::AckMessageRequest>(subscription_);
  auto sent = std::make_shared<std::vector<Receipt>>(std::exchange(acks.waiting, {}));
  for (const Receipt& receipt : *sent) {
    v2::AckMessageEntry& entry = *request.add_entries();
    entry.set_message_id(receipt.message_id);
    entry.set_receipt_handle(receipt.handle);
  }
  acks.under_way = true;
  calls_->make<v2::AckMessageRequest, v2::AckMessageResponse>(
      receiver.stub(), &Stub::async_interface::AckMessage, std::move(request), &receiver,
      [this](grpc::ClientContext& context) { identity_.introduce(context, answer_limit); },
      [this, sent, of = &receiver](const grpc::Status& status, v2::AckMessageResponse&) {
        const auto found = acks_.find(of);
        if (found == acks_.end()) return;
        found->second.under_way = false;
        if (status.ok()) return;  // what it refuses comes again, and the inbox makes that harmless
        found->second.not_before = now() + ack_pause;
        std::move(sent->begin(), sent->end(), std::back_inserter(found->second.waiting));
      });
}

void RocketMqConsumer::reject(const Delivery& delivery, bool requeue) {
  const auto receipt = receipts_.take(delivery.tag);
  if (!receipt) return;
  if (requeue) return give_back(*receipt);
  forward_to_dead_letters(*receipt, delivery.attempt);
}

void RocketMqConsumer::give_back(const Receipt& receipt) {
  const Receiver* receiver = receiver_of(receipt);
  if (receiver == nullptr) return;
  calls_->make<v2::ChangeInvisibleDurationRequest, v2::ChangeInvisibleDurationResponse>(
      receiver->stub(), &Stub::async_interface::ChangeInvisibleDuration,
      invisible_request(subscription_, receipt, give_back_after), receiver,
      [this](grpc::ClientContext& context) { identity_.introduce(context, answer_limit); },
      [](const grpc::Status&, v2::ChangeInvisibleDurationResponse&) {});
}

void RocketMqConsumer::forward_to_dead_letters(const Receipt& receipt, std::uint32_t attempt) {
  const Receiver* receiver = receiver_of(receipt);
  if (receiver == nullptr) return;
  auto request = request_of<v2::ForwardMessageToDeadLetterQueueRequest>(subscription_);
  request.set_receipt_handle(receipt.handle);
  request.set_message_id(receipt.message_id);
  request.set_delivery_attempt(static_cast<std::int32_t>(attempt));
  request.set_max_delivery_attempts(max_attempts);
  calls_->make<v2::ForwardMessageToDeadLetterQueueRequest, v2::ForwardMessageToDeadLetterQueueResponse>(
      receiver->stub(), &Stub::async_interface::ForwardMessageToDeadLetterQueue, std::move(request), receiver,
      [this](grpc::ClientContext& context) { identity_.introduce(context, answer_limit); },
      [](const grpc::Status&, v2::ForwardMessageToDeadLetterQueueResponse&) {});
}

void RocketMqConsumer::stop() {
  stopped_ = true;
  wakeup_.signal();
}

bool RocketMqConsumer::has_acks() const {
  return std::any_of(acks_.begin(), acks_.end(),
                     [](const auto& each) { return each.second.under_way || !each.second.waiting.empty(); });
}

// What was acknowledged is told, and what was not is given back for others.
void RocketMqConsumer::finish(Deadline deadline) {
  for (const Receipt& receipt : receipts_.take_all()) give_back(receipt);
  send_acks();
  while ((has_acks() || !calls_->idle()) && !deadline.passed()) {
    wakeup_.clear();
    calls_->take_answers();
    send_acks();
    pollfd polled{wakeup_.fd(), POLLIN, 0};
    ::poll(&polled, 1, 10);
  }
}

}  // namespace waybill::broker::rocketmq
