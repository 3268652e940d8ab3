#include "fake_rocketmq/fake_proxy.hpp"

#include <utility>

namespace waybill::testing {
namespace {

using std::chrono::milliseconds;

v2::Status status_of(v2::Code code, const std::string& words = "") {
  v2::Status status;
  status.set_code(code);
  status.set_message(words);
  return status;
}

}  // namespace

v2::SendMessageResponse send_answer(v2::Code code, const std::string& words) {
  v2::SendMessageResponse answer;
  *answer.mutable_status() = status_of(code, words);
  *answer.add_entries()->mutable_status() = status_of(code, words);
  return answer;
}

v2::QueryRouteResponse route_answer(const std::vector<broker::rocketmq::Address>& addresses, v2::MessageType type) {
  v2::QueryRouteResponse answer;
  *answer.mutable_status() = status_of(v2::OK);
  for (const auto& address : addresses) {
    v2::MessageQueue& queue = *answer.add_message_queues();
    queue.set_permission(v2::READ_WRITE);
    queue.add_accept_message_types(type);
    queue.mutable_broker()->set_name("broker-" + address.text());
    auto& place = *queue.mutable_broker()->mutable_endpoints()->add_addresses();
    place.set_host(address.host);
    place.set_port(address.port);
  }
  return answer;
}

FakeProxy::FakeProxy() {
  on_send_ = [](const v2::SendMessageRequest&) { return send_answer(v2::OK); };
  start();
  on_route_ = [at = address()](const v2::QueryRouteRequest&) { return route_answer({at}); };
}

FakeProxy::~FakeProxy() { stop(); }

void FakeProxy::start() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
  }
  grpc::ServerBuilder builder;
  int port = port_;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port_), grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  port_ = static_cast<std::uint16_t>(port);
}

void FakeProxy::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (server_) server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
}

void FakeProxy::on_send(OnSend answer) {
  const std::lock_guard lock(mutex_);
  on_send_ = std::move(answer);
}

void FakeProxy::on_route(OnRoute answer) {
  const std::lock_guard lock(mutex_);
  on_route_ = std::move(answer);
}

void FakeProxy::answer_heartbeats(bool answer) {
  const std::lock_guard lock(mutex_);
  answers_heartbeats_ = answer;
  changed_.notify_all();
}

void FakeProxy::refuse_logins(bool refuse) {
  const std::lock_guard lock(mutex_);
  refuses_logins_ = refuse;
}

void FakeProxy::give(std::vector<v2::Message> messages) {
  const std::lock_guard lock(mutex_);
  to_give_ = std::move(messages);
  changed_.notify_all();
}

std::vector<v2::SendMessageRequest> FakeProxy::sent() const {
  const std::lock_guard lock(mutex_);
  return sent_;
}

std::vector<std::string> FakeProxy::renewed() const {
  const std::lock_guard lock(mutex_);
  return renewed_;
}

std::vector<std::string> FakeProxy::acknowledged() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_;
}

int FakeProxy::routes_asked() const {
  const std::lock_guard lock(mutex_);
  return routes_asked_;
}

FakeProxy::Metadata FakeProxy::metadata() const {
  const std::lock_guard lock(mutex_);
  return metadata_;
}

void FakeProxy::remember(const grpc::ServerContext& context) {
  metadata_.clear();
  for (const auto& [name, value] : context.client_metadata()) {
    metadata_[std::string(name.data(), name.size())] = std::string(value.data(), value.size());
  }
}

grpc::Status FakeProxy::QueryRoute(grpc::ServerContext* context, const v2::QueryRouteRequest* request,
                                   v2::QueryRouteResponse* response) {
  const std::lock_guard lock(mutex_);
  remember(*context);
  ++routes_asked_;
  *response = on_route_(*request);
  return grpc::Status::OK;
}

grpc::Status FakeProxy::Heartbeat(grpc::ServerContext* context, const v2::HeartbeatRequest*,
                                  v2::HeartbeatResponse* response) {
  std::unique_lock lock(mutex_);
  remember(*context);
  while (!changed_.wait_for(lock, milliseconds{10}, [this] { return answers_heartbeats_ || stopping_; })) {
    if (context->IsCancelled()) return grpc::Status::CANCELLED;
  }
  *response->mutable_status() =
      refuses_logins_ ? status_of(v2::UNAUTHORIZED, "check signature failed") : status_of(v2::OK);
  return grpc::Status::OK;
}

grpc::Status FakeProxy::SendMessage(grpc::ServerContext* context, const v2::SendMessageRequest* request,
                                    v2::SendMessageResponse* response) {
  OnSend answer;
  {
    const std::lock_guard lock(mutex_);
    remember(*context);
    sent_.push_back(*request);
    changed_.notify_all();
    answer = on_send_;
  }
  *response = answer(*request);
  return grpc::Status::OK;
}

grpc::Status FakeProxy::Telemetry(grpc::ServerContext*,
                                  grpc::ServerReaderWriter<v2::TelemetryCommand, v2::TelemetryCommand>* stream) {
  v2::TelemetryCommand command;
  while (stream->Read(&command)) stream->Write(command);
  return grpc::Status::OK;
}

grpc::Status FakeProxy::ReceiveMessage(grpc::ServerContext* context, const v2::ReceiveMessageRequest*,
                                       grpc::ServerWriter<v2::ReceiveMessageResponse>* writer) {
  std::vector<v2::Message> messages;
  {
    std::unique_lock lock(mutex_);
    const auto has_some = [this] { return !to_give_.empty() || stopping_; };
    for (int i = 0; i < 50 && !context->IsCancelled(); ++i) {
      if (changed_.wait_for(lock, milliseconds{10}, has_some)) break;
    }
    messages.swap(to_give_);
  }
  for (const auto& message : messages) {
    v2::ReceiveMessageResponse response;
    *response.mutable_message() = message;
    writer->Write(response);
  }
  if (!messages.empty()) return grpc::Status::OK;
  v2::ReceiveMessageResponse response;
  *response.mutable_status() = status_of(v2::MESSAGE_NOT_FOUND);
  writer->Write(response);
  return grpc::Status::OK;
}

grpc::Status FakeProxy::AckMessage(grpc::ServerContext*, const v2::AckMessageRequest* request,
                                   v2::AckMessageResponse* response) {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : request->entries()) acknowledged_.push_back(entry.receipt_handle());
  changed_.notify_all();
  *response->mutable_status() = status_of(v2::OK);
  return grpc::Status::OK;
}

grpc::Status FakeProxy::ChangeInvisibleDuration(grpc::ServerContext*, const v2::ChangeInvisibleDurationRequest* request,
                                                v2::ChangeInvisibleDurationResponse* response) {
  const std::lock_guard lock(mutex_);
  renewed_.push_back(request->receipt_handle());
  changed_.notify_all();
  response->set_receipt_handle(request->receipt_handle() + "+");
  *response->mutable_status() = status_of(v2::OK);
  return grpc::Status::OK;
}

}  // namespace waybill::testing
