#include "broker/rocketmq/receiver.hpp"

#include <algorithm>
#include <utility>

#include "broker/rocketmq/message.hpp"
#include "broker/rocketmq/reply.hpp"

namespace waybill::broker::rocketmq {
namespace {

using std::chrono::seconds;

/// What a proxy takes as a long poll at least.
constexpr Duration poll_time = seconds{5};
constexpr Duration answer_limit = seconds{5};
/// Shorter than the 60 s after which a proxy forgets a silent client.
constexpr Duration say_every = seconds{10};
constexpr std::size_t batch = 32;  ///< a broker gives no more at once

MonoTime now() { return std::chrono::steady_clock::now(); }

void set(google::protobuf::Duration& target, Duration duration) {
  target.set_seconds(std::chrono::duration_cast<seconds>(duration).count());
}

}  // namespace

Receiver::Receiver(const Settings& settings, const Identity& identity, Subscription subscription, Source source,
                   Receipts& receipts, std::function<void()> wake)
    : settings_(settings),
      identity_(identity),
      subscription_(std::move(subscription)),
      source_(std::move(source)),
      receipts_(receipts),
      wake_(std::move(wake)) {
  auto opened = open_channel(settings_, source_.address);
  if (!opened) {
    fault_ = std::move(opened).error();
    return;
  }
  channel_ = *std::move(opened);
  stub_ = v2::MessagingService::NewStub(channel_);
  thread_ = std::thread([this] { run(); });
}

Receiver::~Receiver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (current_ != nullptr) current_->TryCancel();
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status Receiver::take_fault() {
  const std::lock_guard lock(mutex_);
  return std::exchange(fault_, Status());
}

void Receiver::begin(grpc::ClientContext& context) {
  const std::lock_guard lock(mutex_);
  current_ = &context;
}

void Receiver::end() {
  const std::lock_guard lock(mutex_);
  current_ = nullptr;
}

bool Receiver::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Receiver::run() {
  while (!is_stopping()) {
    if (introduce_ourselves()) {
      while (!is_stopping() && receive()) continue;
    }
    leave();
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, backoff_.next(), [this] { return stopping_; });
  }
}

bool Receiver::introduce_ourselves() {
  telemetry_ = std::make_unique<Telemetry>(*stub_, identity_, subscription_);
  const grpc::Status status = telemetry_->wait_known(Deadline::after(answer_limit));
  // A group or a topic that is not there, or a login that is refused.
  if (status.error_code() == grpc::StatusCode::INVALID_ARGUMENT) note(ErrorCode::not_found, words_of(status));
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) note(ErrorCode::unauthorized, words_of(status));
  said_at_ = now();
  return status.ok();
}

bool Receiver::say_that_we_are_there() {
  grpc::ClientContext context;
  identity_.introduce(context, answer_limit);
  v2::HeartbeatRequest request;
  v2::HeartbeatResponse response;
  request.set_client_type(v2::SIMPLE_CONSUMER);
  *request.mutable_group() = resource(subscription_.group, subscription_.resource_namespace);
  begin(context);
  const grpc::Status status = stub_->Heartbeat(&context, request, &response);
  end();
  if (status.ok() && response.status().code() != v2::OK) note(response.status());
  said_at_ = now();
  return status.ok() && response.status().code() == v2::OK;
}

bool Receiver::receive() {
  if (now() - said_at_ > say_every && !say_that_we_are_there()) return false;
  keep_invisible();
  std::size_t reserved = receipts_.reserve(batch, Deadline::after(seconds{1}));
  if (reserved == 0) return true;
  v2::ReceiveMessageRequest request;
  *request.mutable_group() = resource(subscription_.group, subscription_.resource_namespace);
  v2::MessageQueue& queue = *request.mutable_message_queue();
  *queue.mutable_topic() = resource(subscription_.topic, subscription_.resource_namespace);
  queue.set_id(-1);  // all of this broker
  queue.mutable_broker()->set_name(source_.broker);
  request.mutable_filter_expression()->set_type(v2::TAG);
  request.mutable_filter_expression()->set_expression("*");
  request.set_batch_size(static_cast<std::int32_t>(reserved));
  set(*request.mutable_invisible_duration(), subscription_.invisible);
  // The proxy does it as long as our stream is open, and gives all back when we are gone. One that is told not to
  // leaves it to us.
  request.set_auto_renew(true);
  set(*request.mutable_long_polling_timeout(), poll_time);
  // Not cancelled when the consumer ends: what the broker still gave to a poll that nobody reads would be invisible to
  // all for a minute.
  grpc::ClientContext context;
  identity_.introduce(context, poll_time + answer_limit);
  const auto stream = stub_->ReceiveMessage(&context, request);
  v2::ReceiveMessageResponse response;
  bool goes_on = true;
  while (stream->Read(&response)) goes_on = take(response, reserved) && goes_on;
  const grpc::Status status = stream->Finish();
  receipts_.release(reserved);
  if (status.ok() && goes_on) backoff_.reset();
  return status.ok() && goes_on;
}

bool Receiver::take(const v2::ReceiveMessageResponse& response, std::size_t& reserved) {
  if (response.has_message() && reserved > 0) {
    const v2::SystemProperties& system = response.message().system_properties();
    Receipt receipt{system.message_id(), system.receipt_handle(), this};
    if (is_stopping()) {
      change_invisible(receipt, give_back_after);
      return true;
    }
    --reserved;
    receipts_.add(read_message(response.message()), std::move(receipt), now());
    wake_();
    return true;
  }
  if (!response.has_status()) return true;
  const v2::Code code = response.status().code();
  if (code == v2::OK || code == v2::MESSAGE_NOT_FOUND) return true;
  note(response.status());
  return false;
}

void Receiver::keep_invisible() {
  for (const auto& [tag, receipt] : receipts_.due(this, subscription_.invisible / 2, now())) {
    const auto answer = change_invisible(receipt, subscription_.invisible);
    if (!answer) return;
    if (answer->status().code() == v2::OK) {
      receipts_.renewed(tag, answer->receipt_handle(), now());
    } else {
      receipts_.expired(tag);
    }
  }
}

std::optional<v2::ChangeInvisibleDurationResponse> Receiver::change_invisible(const Receipt& receipt, Duration to) {
  grpc::ClientContext context;
  identity_.introduce(context, answer_limit);
  v2::ChangeInvisibleDurationResponse response;
  begin(context);
  const grpc::Status status =
      stub_->ChangeInvisibleDuration(&context, invisible_request(subscription_, receipt, to), &response);
  end();
  if (!status.ok()) return std::nullopt;
  return response;
}

v2::ChangeInvisibleDurationRequest invisible_request(const Subscription& subscription, const Receipt& receipt,
                                                     Duration to) {
  auto request = request_of<v2::ChangeInvisibleDurationRequest>(subscription);
  request.set_receipt_handle(receipt.handle);
  request.set_message_id(receipt.message_id);
  set(*request.mutable_invisible_duration(), to);
  return request;
}

// The proxy then gives to others at once what was not answered.
void Receiver::leave() {
  if (!telemetry_) return;
  grpc::ClientContext context;
  identity_.introduce(context, seconds{1});
  v2::NotifyClientTerminationRequest request;
  v2::NotifyClientTerminationResponse response;
  *request.mutable_group() = resource(subscription_.group, subscription_.resource_namespace);
  stub_->NotifyClientTermination(&context, request, &response);
  telemetry_.reset();
}

// Everything else passes by itself.
void Receiver::note(const v2::Status& status) {
  if (refuses_us(status.code())) {
    note(ErrorCode::unauthorized, words_of(status));
  } else if (is_fault_of_topic(status.code()) || status.code() == v2::CONSUMER_GROUP_NOT_FOUND) {
    note(ErrorCode::not_found, words_of(status));
  }
}

void Receiver::note(ErrorCode code, const std::string& words) {
  const std::lock_guard lock(mutex_);
  fault_ = Error(code, "topic '" + subscription_.topic + "', group '" + subscription_.group + "': " + words);
  wake_();
}

}  // namespace waybill::broker::rocketmq
