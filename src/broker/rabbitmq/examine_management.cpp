#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "broker/rabbitmq/endpoint.hpp"
#include "broker/rabbitmq/examine.hpp"
#include "broker/rabbitmq/examine_queue.hpp"
#include "broker/rabbitmq/http_get.hpp"
#include "core/text.hpp"
#include "core/url.hpp"

namespace waybill::broker::rabbitmq {
namespace {

using Json = nlohmann::json;
using Severity = Finding::Severity;

/// The management API of one broker.
class Management {
 public:
  static Result<Management> open(const BrokerConfig& config) {
    auto endpoint = make_endpoint(config);
    if (!endpoint) return std::move(endpoint).error();
    auto url = parse_url(config.management_url);
    if (!url) return std::move(url).error();
    if (url->scheme != "http" && url->scheme != "https") {
      return Error(ErrorCode::invalid_configuration, "management_url must begin with http:// or https://");
    }
    Management management;
    management.vhost_ = percent_encoded(endpoint->vhost);
    management.server_ = std::move(*endpoint);
    management.server_.host = url->host;
    management.server_.tls = url->scheme == "https";
    management.server_.port = url->port != 0 ? url->port : (management.server_.tls ? 15671 : 15672);
    if (!url->user.empty()) {
      management.server_.user = url->user;
      management.server_.password = Secret(url->password);
    }
    return management;
  }

  Result<Json> get(const std::string& path) const {
    auto body = http_get(server_, "/api/" + path, Deadline::after(std::chrono::seconds{5}));
    if (!body) return std::move(body).error();
    Json json = Json::parse(*body, nullptr, false);
    if (json.is_discarded()) return Error(ErrorCode::corrupt, server_.name() + path + ": the answer is not JSON");
    return json;
  }
  const std::string& vhost() const { return vhost_; }

 private:
  Endpoint server_;
  std::string vhost_;
};

class Examination {
 public:
  Examination(const Management& management, std::string subject)
      : management_(management), subject_(std::move(subject)) {}

  std::vector<Finding> run(std::span<const Destination> destinations) {
    if (!overview()) return std::move(findings_);
    alarms();
    std::set<std::string> exchanges, queues;
    for (const Destination& destination : destinations) {
      if (!is_template(destination.exchange)) exchanges.insert(destination.exchange);
      // The default exchange leads to the queue that has the routing key's name.
      const bool fixed = !is_template(destination.routing_key);
      if (destination.exchange.empty() && fixed) queues.insert(destination.routing_key);
    }
    for (const std::string& exchange : exchanges) {
      if (!exchange.empty()) bound_queues(exchange, queues);
    }
    for (const std::string& queue : queues) {
      auto found = management_.get("queues/" + management_.vhost() + "/" + percent_encoded(queue));
      if (found && found->is_object()) {
        examine_queue(*found, version_, subject_, findings_);
      } else if (!found) {
        trouble(found.error());
      }
    }
    return std::move(findings_);
  }

 private:
  void trouble(const Error& error) {
    findings_.push_back({"WB-D306", Severity::warning, subject_,
                         "the management API gave no answer: " + error.message(),
                         "check management_url; the user needs the tag 'monitoring'"});
  }

  bool overview() {
    auto found = management_.get("overview");
    if (!found) {
      trouble(found.error());
      return false;
    }
    version_ = found->value("rabbitmq_version", "");
    findings_.push_back({"WB-D301", Severity::info, subject_, "RabbitMQ " + version_, ""});
    const bool old = version_.starts_with("3.") && std::atoi(version_.c_str() + 2) < 10;
    if (old) {
      findings_.push_back({"WB-D302", Severity::critical, subject_,
                           "RabbitMQ before 3.10.0 can confirm a mandatory message that no queue took",
                           "upgrade the broker"});
    }
    return true;
  }

  void alarms() {
    auto nodes = management_.get("nodes");
    if (!nodes || !nodes->is_array()) return;
    for (const Json& node : *nodes) {
      for (const auto& [key, what] : {std::pair{"mem_alarm", "memory"}, {"disk_free_alarm", "disk"}}) {
        if (!node.is_object() || !node.value(key, false)) continue;
        findings_.push_back(
            {"WB-D320", Severity::critical, subject_,
             "node " + node.value("name", "?") + " has a " + what + " alarm: it takes no messages until that ends",
             std::string("free ") + what + " on that node, or raise its limit"});
      }
    }
  }

  void bound_queues(const std::string& exchange, std::set<std::string>& queues) {
    const std::string path = "exchanges/" + management_.vhost() + "/" + percent_encoded(exchange);
    auto found = management_.get(path);
    if (!found) return;  // its absence was found already
    if (found->is_object() && !found->value("durable", true)) {
      findings_.push_back({"WB-D308", Severity::warning, subject_,
                           "exchange '" + exchange + "' is not durable: a restart of the broker removes it",
                           "declare it durable"});
    }
    auto bindings = management_.get(path + "/bindings/source");
    if (!bindings || !bindings->is_array()) return;
    if (bindings->empty()) {
      findings_.push_back({"WB-D307", Severity::critical, subject_,
                           "nothing is bound to exchange '" + exchange + "': every message will be unroutable",
                           "bind a queue to it"});
    }
    for (const Json& binding : *bindings) {
      if (binding.value("destination_type", "") == "queue") queues.insert(binding.value("destination", ""));
    }
  }

  const Management& management_;
  std::string subject_;
  std::string version_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine_by_management(const BrokerConfig& config, std::span<const Destination> destinations) {
  const std::string subject = "broker " + config.name;
  auto management = Management::open(config);
  if (!management) {
    return {{"WB-D306", Severity::warning, subject, management.error().message(), "correct management_url"}};
  }
  try {
    return Examination(*management, subject).run(destinations);
  } catch (const Json::exception&) {
    return {{"WB-D306", Severity::warning, subject, "the management API answered in an unknown form",
             "check that management_url leads to RabbitMQ's management plugin"}};
  }
}

}  // namespace waybill::broker::rabbitmq
