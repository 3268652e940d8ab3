#include "core/broker_kind.hpp"
#include "core/config/sections.hpp"
#include "core/config/url_keys.hpp"

namespace waybill::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view broker_schemes[] = {"amqp", "amqps", "kafka", "kafkas", "rocketmq", "rocketmqs", "memory"};

/// A key that only one kind of broker knows would have no effect on another, and nobody would notice.
void refuse_for_others(Section& section, std::string_view key, bool is_for_this, const std::string& whom) {
  if (section.has(key) && !is_for_this) section.fail(key, "is for " + whom + " only; leave it out");
}

std::string secure_scheme_of(std::optional<BrokerKind> kind) {
  if (kind == BrokerKind::kafka) return "kafkas";
  return kind == BrokerKind::rocketmq ? "rocketmqs" : "amqps";
}

}  // namespace

BrokerConfig read_broker(const Entry& entry, Findings& findings) {
  BrokerConfig broker;
  broker.name = entry.name;
  Section section{entry.value, entry.place, "broker." + entry.name, findings};
  section.require("url", "url = \"amqp://user:password@host\"");
  const std::string scheme = read_url(section, broker.url, broker_schemes);
  section.read_duration("heartbeat", broker.heartbeat, 1s, 1h);
  section.read_secret("management_url", broker.management_url);
  section.read_properties("properties", broker.properties);
  const auto kind = broker_kind(std::string_view{scheme});
  if (kind) {
    const bool is_rabbitmq = kind == BrokerKind::rabbitmq || kind == BrokerKind::memory;
    refuse_for_others(section, "heartbeat", is_rabbitmq, "RabbitMQ");
    refuse_for_others(section, "management_url", is_rabbitmq, "RabbitMQ");
    refuse_for_others(section, "properties", kind == BrokerKind::kafka, "Kafka");
  }
  const std::string secure = secure_scheme_of(kind);
  read_tls(section, broker, scheme == secure || !kind || kind == BrokerKind::memory, secure);
  section.finish();
  return broker;
}

}  // namespace waybill::config
