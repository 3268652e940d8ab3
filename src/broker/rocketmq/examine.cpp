#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "broker/examine_transport.hpp"
#include "broker/protocol_guess.hpp"
#include "broker/rocketmq/calls.hpp"
#include "broker/rocketmq/channel.hpp"
#include "broker/rocketmq/open.hpp"
#include "broker/rocketmq/reply.hpp"
#include "broker/rocketmq/topic_route.hpp"
#include "core/text.hpp"

namespace waybill::broker::rocketmq {
namespace {

using Severity = Finding::Severity;

constexpr Duration answer_limit = std::chrono::seconds{5};

/// One conversation with the first proxy that answers.
class Examination {
 public:
  Examination(const Settings& settings, std::string name)
      : settings_(settings), identity_(settings), name_(std::move(name)), subject_("broker " + name_) {}

  Status reach();
  void judge_topic(const std::string& topic, bool keeps_order);
  std::vector<Finding> findings;

 private:
  Error unreachable(const grpc::Status& status) const;

  const Settings& settings_;
  const Identity identity_;
  const std::string name_;
  const std::string subject_;
  Address address_;
  std::unique_ptr<Stub> stub_;
};

Status Examination::reach() {
  grpc::Status last;
  for (const Address& address : settings_.proxies) {
    auto channel = open_channel(settings_, address);
    if (!channel) return std::move(channel).error();
    address_ = address;
    stub_ = v2::MessagingService::NewStub(*channel);
    grpc::ClientContext context;
    identity_.introduce(context, answer_limit);
    v2::HeartbeatRequest request;
    v2::HeartbeatResponse response;
    request.set_client_type(v2::PRODUCER);
    last = stub_->Heartbeat(&context, request, &response);
    if (!last.ok()) continue;
    if (refuses_us(response.status().code())) {
      return Error(ErrorCode::unauthorized, "broker '" + name_ + "': " + words_of(response.status()));
    }
    findings.push_back({"WB-D300", Severity::ok, subject_, "reached " + address.text(), ""});
    examine_transport({settings_.tls, settings_.insecure, address.host, "rocketmqs"}, subject_, findings);
    return {};
  }
  return unreachable(last);
}

Error Examination::unreachable(const grpc::Status& status) const {
  return {ErrorCode::unreachable,
          "broker '" + name_ + "': " + words_of(status) + hint_at_another(settings_.names(), settings_.expected())};
}

void Examination::judge_topic(const std::string& topic, bool keeps_order) {
  grpc::ClientContext context;
  identity_.introduce(context, answer_limit);
  v2::QueryRouteResponse response;
  const grpc::Status status =
      stub_->QueryRoute(&context, route_request(topic, address_, settings_.resource_namespace), &response);
  if (!status.ok() || response.status().code() != v2::OK) {
    findings.push_back({"WB-D303", Severity::critical, subject_,
                        "topic '" + topic +
                            "' is missing, or not visible to this user: its messages wait until it is " + "there (" +
                            (status.ok() ? words_of(response.status()) : words_of(status)) + ")",
                        "create the topic, or correct the exchange of the route"});
    return;
  }
  const auto route = read_route(response);
  if (!route) {
    findings.push_back({"WB-D340", Severity::critical, subject_,
                        "topic '" + topic + "' has no queue that can be written to: its messages wait",
                        "give it write queues and the permission to write"});
    return;
  }
  if (!route->takes_normal && !route->takes_fifo && !route->takes_delayed) {
    findings.push_back(
        {"WB-D341", Severity::critical, subject_,
         "topic '" + topic + "' takes transactional messages only, which need their sender's answer later",
         "use a topic of type NORMAL or FIFO: Waybill's own transaction is in the store"});
  } else if (!route->takes_normal && !route->takes_fifo) {
    findings.push_back({"WB-D342", Severity::warning, subject_,
                        "topic '" + topic + "' takes delayed messages only: those without the header '" +
                            std::string(deliver_at_header) + "' are refused",
                        "send it, or use a topic of type NORMAL or FIFO"});
  } else if (keeps_order && !route->takes_fifo) {
    findings.push_back({"WB-D343", Severity::warning, subject_,
                        "topic '" + topic +
                            "' is of type NORMAL: messages of a key leave in their order, and RocketMQ " +
                            "spreads them over queues that are read side by side",
                        "use a topic of type FIFO for a route with order = \"key\""});
  }
}

}  // namespace

Result<std::vector<Finding>> examine(const BrokerConfig& config, std::span<const Destination> destinations) {
  auto settings = settings_of(config);
  if (!settings) return std::move(settings).error();
  Examination examination(*settings, config.name);
  if (auto status = examination.reach(); !status) return std::move(status).error();
  std::map<std::string, bool> topics;  // and whether some route keeps an order there
  for (const Destination& destination : destinations) {
    if (is_template(destination.exchange)) continue;
    bool& keeps_order = topics[destination.exchange];
    keeps_order = keeps_order || destination.keeps_order;
  }
  for (const auto& [topic, keeps_order] : topics) examination.judge_topic(topic, keeps_order);
  return std::move(examination.findings);
}

}  // namespace waybill::broker::rocketmq
