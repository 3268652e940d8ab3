#include <utility>

#include "broker/consumer.hpp"
#include "broker/kafka/examine.hpp"
#include "broker/kafka/publisher.hpp"
#include "broker/memory/publisher.hpp"
#include "broker/publisher.hpp"
#include "broker/rabbitmq/examine.hpp"
#include "broker/rabbitmq/publisher.hpp"
#include "core/url.hpp"

namespace waybill::broker {
namespace {

bool is_kafka(const Url& url) { return url.scheme == "kafka" || url.scheme == "kafkas"; }

Error unknown_scheme(const BrokerConfig& config) {
  return {ErrorCode::unsupported,
          "broker URL '" + config.url.masked() + "': expected amqp://, amqps://, kafka://, kafkas:// or memory://"};
}

}  // namespace

Result<std::unique_ptr<Publisher>> open_publisher(const BrokerConfig& config) {
  auto url = parse_url(config.url.reveal());
  if (!url) return std::move(url).error();
  if (url->scheme == "memory") {
    return std::unique_ptr<Publisher>(std::make_unique<memory::ThreadedPublisher>(memory::Broker::named(url->host)));
  }
  if (url->scheme == "amqp" || url->scheme == "amqps") {
    auto endpoint = rabbitmq::make_endpoint(config);
    if (!endpoint) return std::move(endpoint).error();
    return std::unique_ptr<Publisher>(std::make_unique<rabbitmq::RabbitPublisher>(std::move(*endpoint)));
  }
  if (is_kafka(*url)) return kafka::KafkaPublisher::open(config);
  return unknown_scheme(config);
}

Result<std::vector<Finding>> examine_broker(const BrokerConfig& config, std::span<const Destination> destinations) {
  auto url = parse_url(config.url.reveal());
  if (!url) return std::move(url).error();
  if (url->scheme == "amqp" || url->scheme == "amqps") return rabbitmq::examine(config, destinations);
  if (is_kafka(*url)) return kafka::examine(config, destinations);
  if (url->scheme != "memory") return unknown_scheme(config);
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
