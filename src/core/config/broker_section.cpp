#include "core/config/sections.hpp"
#include "core/config/url_keys.hpp"

namespace waybill::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view broker_schemes[] = {"amqp", "amqps", "kafka", "kafkas", "memory"};
constexpr std::string_view later_brokers[] = {"rocketmq"};

bool is_kafka(std::string_view scheme) { return scheme == "kafka" || scheme == "kafkas"; }

/// A key that only one kind of broker knows would have no effect on another, and nobody would notice.
void refuse_for_others(Section& section, std::string_view key, bool is_for_this, const std::string& whom) {
  if (section.has(key) && !is_for_this) section.fail(key, "is for " + whom + " only; leave it out");
}

}  // namespace

BrokerConfig read_broker(const Entry& entry, Findings& findings) {
  BrokerConfig broker;
  broker.name = entry.name;
  Section section{entry.value, entry.place, "broker." + entry.name, findings};
  section.require("url", "url = \"amqp://user:password@host\"");
  const std::string scheme = read_url(section, broker.url, broker_schemes, later_brokers);
  section.read_duration("heartbeat", broker.heartbeat, 1s, 1h);
  section.read_secret("management_url", broker.management_url);
  section.read_properties("properties", broker.properties);
  if (!scheme.empty()) {
    refuse_for_others(section, "heartbeat", !is_kafka(scheme), "RabbitMQ");
    refuse_for_others(section, "management_url", !is_kafka(scheme), "RabbitMQ");
    refuse_for_others(section, "properties", is_kafka(scheme), "Kafka");
  }
  read_tls(section, broker, scheme != "amqp" && scheme != "kafka", is_kafka(scheme) ? "kafkas" : "amqps");
  section.finish();
  return broker;
}

}  // namespace waybill::config
