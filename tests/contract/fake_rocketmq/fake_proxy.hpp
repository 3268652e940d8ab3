#pragma once

#include <apache/rocketmq/v2/service.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "broker/rocketmq/settings.hpp"

namespace waybill::testing {

namespace v2 = apache::rocketmq::v2;

/// A RocketMQ proxy whose every answer the test decides, and that remembers what it was asked.
class FakeProxy final : public v2::MessagingService::Service {
 public:
  using Metadata = std::map<std::string, std::string>;
  /// The answer to one SendMessage; may block.
  using OnSend = std::function<v2::SendMessageResponse(const v2::SendMessageRequest&)>;
  using OnRoute = std::function<v2::QueryRouteResponse(const v2::QueryRouteRequest&)>;

  FakeProxy();
  ~FakeProxy() override;

  broker::rocketmq::Address address() const { return {"127.0.0.1", port_}; }
  std::string url() const { return "rocketmq://" + address().text(); }
  /// Ends all connections, and listens no more.
  void stop();
  /// Listens again, at the same port.
  void start();

  void on_send(OnSend answer);
  void on_route(OnRoute answer);
  void answer_heartbeats(bool answer);
  void refuse_logins(bool refuse);
  /// What a consumer gets by its next call, each message once.
  void give(std::vector<v2::Message> messages);

  /// Waits until what it was asked makes the condition true.
  template <class Condition>
  bool await(Condition condition, std::chrono::seconds limit = std::chrono::seconds{10}) const {
    std::unique_lock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + limit;
    while (true) {
      lock.unlock();
      if (condition()) return true;
      lock.lock();
      if (changed_.wait_until(lock, until) == std::cv_status::timeout) return false;
    }
  }
  std::vector<v2::SendMessageRequest> sent() const;
  std::vector<std::string> renewed() const;       ///< receipt handles whose message was kept invisible longer
  std::vector<std::string> acknowledged() const;  ///< receipt handles
  int routes_asked() const;
  Metadata metadata() const;  ///< of the last call

 private:
  grpc::Status QueryRoute(grpc::ServerContext* context, const v2::QueryRouteRequest* request,
                          v2::QueryRouteResponse* response) override;
  grpc::Status Heartbeat(grpc::ServerContext* context, const v2::HeartbeatRequest* request,
                         v2::HeartbeatResponse* response) override;
  grpc::Status SendMessage(grpc::ServerContext* context, const v2::SendMessageRequest* request,
                           v2::SendMessageResponse* response) override;
  grpc::Status Telemetry(grpc::ServerContext* context,
                         grpc::ServerReaderWriter<v2::TelemetryCommand, v2::TelemetryCommand>* stream) override;
  grpc::Status ReceiveMessage(grpc::ServerContext* context, const v2::ReceiveMessageRequest* request,
                              grpc::ServerWriter<v2::ReceiveMessageResponse>* writer) override;
  grpc::Status AckMessage(grpc::ServerContext* context, const v2::AckMessageRequest* request,
                          v2::AckMessageResponse* response) override;
  grpc::Status ChangeInvisibleDuration(grpc::ServerContext* context, const v2::ChangeInvisibleDurationRequest* request,
                                       v2::ChangeInvisibleDurationResponse* response) override;
  void remember(const grpc::ServerContext& context);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  OnSend on_send_;
  OnRoute on_route_;
  bool answers_heartbeats_ = true;
  bool refuses_logins_ = false;
  bool stopping_ = false;
  std::vector<v2::Message> to_give_;
  std::vector<v2::SendMessageRequest> sent_;
  std::vector<std::string> renewed_, acknowledged_;
  int routes_asked_ = 0;
  Metadata metadata_;
  std::uint16_t port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

/// The same status for the call and for its only entry, as a proxy answers.
v2::SendMessageResponse send_answer(v2::Code code, const std::string& words = "");
/// One queue for each address, of a topic of this type.
v2::QueryRouteResponse route_answer(const std::vector<broker::rocketmq::Address>& addresses,
                                    v2::MessageType type = v2::NORMAL);

}  // namespace waybill::testing
