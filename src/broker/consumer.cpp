#include "broker/consumer.hpp"

#include <utility>

#include "broker/kafka/consumer.hpp"
#include "broker/kafka/settings.hpp"
#include "broker/memory/consumer.hpp"
#include "broker/rabbitmq/consumer.hpp"
#include "broker/rocketmq/open.hpp"
#include "core/broker_kind.hpp"
#include "core/url_parameters.hpp"

namespace waybill {
namespace {

/// A consumer may be away for long while it works on a message: heartbeats are only read and sent inside its calls.
constexpr Duration patient_heartbeat = std::chrono::seconds{60};

BrokerConfig config_of(const ConsumerOptions& options) {
  BrokerConfig config;
  config.name = "consumer";
  config.url = Secret(options.url);
  config.ca_file = options.ca_file;
  config.cert_file = options.cert_file;
  config.key_file = options.key_file;
  config.insecure = options.insecure;
  config.heartbeat = patient_heartbeat;
  for (const auto& [name, value] : options.properties) config.properties.push_back({name, Secret(value)});
  return config;
}

Result<std::unique_ptr<Consumer>> open_kafka(const ConsumerOptions& options) {
  if (options.group.empty()) {
    return Error(ErrorCode::invalid_argument, "consumer: Kafka needs a group: its members share the topic");
  }
  auto settings = broker::kafka::consumer_settings(config_of(options), options.group);
  if (!settings) return std::move(settings).error();
  return broker::kafka::KafkaConsumer::open(*std::move(settings), options.queue, options.prefetch);
}

Result<std::unique_ptr<Consumer>> open_rabbit(const ConsumerOptions& options) {
  const BrokerConfig config = config_of(options);
  auto endpoint = broker::rabbitmq::make_endpoint(config);
  if (!endpoint) return std::move(endpoint).error();
  return std::unique_ptr<Consumer>(
      std::make_unique<broker::rabbitmq::RabbitConsumer>(std::move(*endpoint), options.queue, options.prefetch));
}

}  // namespace

Result<std::unique_ptr<Consumer>> open_consumer(const ConsumerOptions& options) {
  auto url = parse_url(options.url);
  if (!url) return std::move(url).error();
  if (auto fit = check_parameters(*url); !fit) return std::move(fit).error();
  if (options.queue.empty()) return Error(ErrorCode::invalid_argument, "consumer: no queue was named");
  if (options.prefetch == 0) return Error(ErrorCode::invalid_argument, "consumer: prefetch must be 1 or more");
  if (options.queue.size() > max_name_bytes) {
    return Error(ErrorCode::invalid_argument, "consumer: a queue's name has at most 255 bytes");
  }
  const auto kind = broker_kind(std::string_view{url->scheme});
  if (!kind) {
    return Error(ErrorCode::unsupported,
                 "consumer URL '" + mask_url(options.url) + "': expected " + broker_schemes_in_words);
  }
  switch (*kind) {
    case BrokerKind::rabbitmq:
      return open_rabbit(options);
    case BrokerKind::kafka:
      return open_kafka(options);
    case BrokerKind::rocketmq:
      return broker::rocketmq::open_consumer(config_of(options), options);
    case BrokerKind::memory:
      break;
  }
  return std::unique_ptr<Consumer>(std::make_unique<broker::memory::QueueConsumer>(
      broker::memory::Broker::named(url->host), options.queue, options.prefetch));
}

}  // namespace waybill
