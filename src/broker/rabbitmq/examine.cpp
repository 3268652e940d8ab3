#include "broker/rabbitmq/examine.hpp"

#include <set>
#include <string>
#include <utility>

#include "broker/examine_transport.hpp"
#include "broker/protocol_guess.hpp"
#include "broker/rabbitmq/endpoint.hpp"
#include "broker/rabbitmq/probe.hpp"
#include "core/text.hpp"

namespace waybill::broker::rabbitmq {
namespace {

using Severity = Finding::Severity;

/// Here, where a person waits for the answer: a relay that connects again and again must not knock more often for it.
Error with_hint(const Error& error, const Endpoint& endpoint) {
  if (error.code() != ErrorCode::unreachable) return error;
  const Expected expected{"RabbitMQ", endpoint.tls ? "" : "amqps", "RabbitMQ"};
  return {error.code(), error.message() + hint_at_another(endpoint.name(), expected)};
}

}  // namespace

Result<std::vector<Finding>> examine(const BrokerConfig& config, std::span<const Destination> destinations) {
  auto endpoint = make_endpoint(config);
  if (!endpoint) return std::move(endpoint).error();
  std::set<std::string> exchanges;
  for (const Destination& destination : destinations) {
    if (!is_template(destination.exchange)) exchanges.insert(destination.exchange);
  }
  auto missing = missing_exchanges(*endpoint, exchanges, Deadline::after(std::chrono::seconds{5}));
  if (!missing) return with_hint(missing.error(), *endpoint);
  const std::string subject = "broker " + config.name;
  std::vector<Finding> findings{
      {"WB-D300", Severity::ok, subject, "reached " + endpoint->name() + " and logged in", ""}};
  examine_transport({endpoint->tls, endpoint->insecure, endpoint->host, "amqps"}, subject, findings);
  for (const auto& [exchange, words] : *missing) {
    findings.push_back({"WB-D303", Severity::critical, subject,
                        "exchange '" + exchange + "' is not usable (" + words + "): its messages wait until it is",
                        "declare the exchange, durable, or correct the route"});
  }
  if (config.management_url.empty()) {
    findings.push_back({"WB-D305", Severity::info, subject,
                        "management_url is not set: whether queues are replicated, limited or expiring was not checked",
                        "set management_url of [broker." + config.name + "] to the management plugin's address"});
    return findings;
  }
  for (Finding& finding : examine_by_management(config, destinations)) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace waybill::broker::rabbitmq
