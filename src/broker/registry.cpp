#include <utility>

#include "broker/consumer.hpp"
#include "broker/kafka/examine.hpp"
#include "broker/kafka/publisher.hpp"
#include "broker/memory/publisher.hpp"
#include "broker/publisher.hpp"
#include "broker/rabbitmq/examine.hpp"
#include "broker/rabbitmq/publisher.hpp"
#include "broker/rocketmq/open.hpp"
#include "core/broker_kind.hpp"
#include "core/url_parameters.hpp"

namespace waybill::broker {
namespace {

/// Of the configuration's URL; the error names the schemes that there are.
Result<BrokerKind> kind_of(const BrokerConfig& config) {
  auto url = parse_url(config.url.reveal());
  if (!url) return std::move(url).error();
  if (auto fit = check_parameters(*url); !fit) return std::move(fit).error();
  if (const auto kind = broker_kind(std::string_view{url->scheme})) return *kind;
  return Error(ErrorCode::unsupported, "broker URL '" + config.url.masked() + "': expected " + broker_schemes_in_words);
}

Result<std::unique_ptr<Publisher>> open_rabbit(const BrokerConfig& config) {
  auto endpoint = rabbitmq::make_endpoint(config);
  if (!endpoint) return std::move(endpoint).error();
  return std::unique_ptr<Publisher>(std::make_unique<rabbitmq::RabbitPublisher>(std::move(*endpoint)));
}

std::unique_ptr<Publisher> open_memory(const BrokerConfig& config) {
  return std::make_unique<memory::ThreadedPublisher>(memory::Broker::named(parse_url(config.url.reveal())->host));
}

}  // namespace

Result<std::unique_ptr<Publisher>> open_publisher(const BrokerConfig& config) {
  const auto kind = kind_of(config);
  if (!kind) return kind.error();
  switch (*kind) {
    case BrokerKind::rabbitmq:
      return open_rabbit(config);
    case BrokerKind::kafka:
      return kafka::KafkaPublisher::open(config);
    case BrokerKind::rocketmq:
      return rocketmq::open_publisher(config);
    case BrokerKind::memory:
      break;
  }
  return open_memory(config);
}

Result<std::vector<Finding>> examine_broker(const BrokerConfig& config, std::span<const Destination> destinations) {
  const auto kind = kind_of(config);
  if (!kind) return kind.error();
  switch (*kind) {
    case BrokerKind::rabbitmq:
      return rabbitmq::examine(config, destinations);
    case BrokerKind::kafka:
      return kafka::examine(config, destinations);
    case BrokerKind::rocketmq:
      return rocketmq::examine(config, destinations);
    case BrokerKind::memory:
      break;
  }
  return std::vector<Finding>{{"WB-D301", Finding::Severity::warning, "broker " + config.name,
                               "a memory broker lives in this process: nothing survives its end", "for tests only"}};
}

Result<std::unique_ptr<Consumer>> open_consumer(const BrokerConfig& config, const ConsumerOptions& options) {
  ConsumerOptions complete = options;
  complete.url = config.url.reveal();
  complete.ca_file = config.ca_file;
  complete.cert_file = config.cert_file;
  complete.key_file = config.key_file;
  complete.insecure = config.insecure;
  for (const Property& property : config.properties) {
    complete.properties.emplace_back(property.name, property.value.reveal());
  }
  return waybill::open_consumer(complete);
}

}  // namespace waybill::broker
