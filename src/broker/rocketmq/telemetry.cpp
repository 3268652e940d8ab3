#include "broker/rocketmq/telemetry.hpp"

#include <chrono>

namespace waybill::broker::rocketmq {
namespace {

v2::TelemetryCommand introduction(const Subscription& subscription) {
  v2::TelemetryCommand command;
  v2::Settings& settings = *command.mutable_settings();
  settings.set_client_type(v2::SIMPLE_CONSUMER);
  settings.mutable_request_timeout()->set_seconds(5);
  settings.mutable_user_agent()->set_language(v2::CPP);
  settings.mutable_user_agent()->set_version("5.0.0");
  v2::Subscription& said = *settings.mutable_subscription();
  *said.mutable_group() = resource(subscription.group, subscription.resource_namespace);
  v2::SubscriptionEntry& entry = *said.add_subscriptions();
  *entry.mutable_topic() = resource(subscription.topic, subscription.resource_namespace);
  entry.mutable_expression()->set_type(v2::TAG);
  entry.mutable_expression()->set_expression("*");
  return command;
}

}  // namespace

Telemetry::Telemetry(Stub& stub, const Identity& identity, const Subscription& subscription)
    : said_(introduction(subscription)) {
  identity.introduce(context_);
  stub.async()->Telemetry(&context_, this);
  StartWrite(&said_);
  StartRead(&heard_);
  StartCall();
}

Telemetry::~Telemetry() {
  context_.TryCancel();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return done_; });
}

grpc::Status Telemetry::wait_known(Deadline deadline) {
  std::unique_lock lock(mutex_);
  const bool in_time = changed_.wait_until(lock, deadline.at(), [this] { return known_ || done_; });
  if (done_) return status_.ok() ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream has ended") : status_;
  return in_time ? grpc::Status::OK : grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "no answer");
}

void Telemetry::OnWriteDone(bool) {}

// What the proxy asks for later, such as a trace of our threads, stays unanswered.
void Telemetry::OnReadDone(bool ok) {
  if (!ok) return;
  {
    const std::lock_guard lock(mutex_);
    known_ = known_ || heard_.has_settings();
    changed_.notify_all();
  }
  StartRead(&heard_);
}

// Nothing of this object is touched after the lock is given back: its destructor waits for just that.
void Telemetry::OnDone(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  done_ = true;
  status_ = status;
  changed_.notify_all();
}

}  // namespace waybill::broker::rocketmq
