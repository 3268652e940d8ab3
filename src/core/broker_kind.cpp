#include "core/broker_kind.hpp"

#include "core/url.hpp"

namespace waybill {

std::optional<BrokerKind> broker_kind(std::string_view scheme) noexcept {
  if (scheme == "amqp" || scheme == "amqps") return BrokerKind::rabbitmq;
  if (scheme == "kafka" || scheme == "kafkas") return BrokerKind::kafka;
  if (scheme == "rocketmq" || scheme == "rocketmqs") return BrokerKind::rocketmq;
  if (scheme == "memory") return BrokerKind::memory;
  return std::nullopt;
}

std::optional<BrokerKind> broker_kind(const Secret& url) {
  const auto parsed = parse_url(url.reveal());
  return parsed ? broker_kind(std::string_view{parsed->scheme}) : std::nullopt;
}

}  // namespace waybill
