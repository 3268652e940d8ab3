#include <algorithm>

#include "core/broker_kind.hpp"
#include "core/config/sections.hpp"
#include "core/text.hpp"
#include "core/validate.hpp"

namespace waybill::config {
namespace {

using namespace std::chrono_literals;

void read_target(Section& section, RouteConfig& route) {
  section.read_text("topic", route.topic);
  section.read_text("broker", route.broker);
  section.read_text("exchange", route.exchange);
  section.read_text("routing_key", route.routing_key);
  section.read_text("source", route.source);
  section.read_text("type", route.type);
  section.require("topic", "topic = \"orders.*\"");
  section.require("broker", "broker = \"NAME\" of a [broker.NAME]");
}

void read_policy(Section& section, RouteConfig& route) {
  section.read_duration("resend_after", route.resend_after, 100ms, 24h * 30);
  section.read_count("max_attempts", route.max_attempts, 1, 1000);
  section.read_choice("on_nack", route.on_nack, {OnNack::resend, OnNack::drop, OnNack::fail});
  section.read_choice("on_unroutable", route.on_unroutable,
                      {OnUnroutable::resend, OnUnroutable::drop, OnUnroutable::fail});
  section.read_choice("order", route.order, {Order::none, Order::key});
  section.read_choice("on_failed_key", route.on_failed_key, {OnFailedKey::park, OnFailedKey::skip, OnFailedKey::stop});
  section.read_choice("format", route.format, {Format::plain, Format::cloudevents, Format::debezium});
}

void check_template_key(Section& section, std::string_view key, const std::string& text) {
  if (auto status = check_template(text); !status) return section.fail(key, status.error().message());
  if (text.size() > max_name_bytes) section.fail(key, "has more than 255 bytes");
}

/// The broker's topic, if the exchange says which for certain.
void check_topic(Section& section, RouteConfig& route, std::optional<std::string> (*fault_of)(std::string_view)) {
  if (route.exchange.empty()) route.exchange = "{topic}";
  if (!check_template(route.exchange)) return;  // said already
  if (auto fault = fault_of(render_template(route.exchange, "t", "k"))) section.fail("exchange", *fault);
}

/// What the exchange means to the broker.
void check_target(Section& section, RouteConfig& route, const BrokerConfig& broker) {
  const auto kind = broker_kind(broker.url);
  if (kind == BrokerKind::rabbitmq) {
    section.require("exchange", "exchange = \"NAME\", or exchange = \"\" for the default exchange");
  } else if (kind == BrokerKind::kafka) {
    if (section.has("routing_key")) {
      section.fail("routing_key", "is for RabbitMQ only: on Kafka the message's key goes");
    }
    check_topic(section, route, &kafka_topic_fault);
  } else if (kind == BrokerKind::rocketmq) {
    check_topic(section, route, &rocketmq_topic_fault);
  }
}

void check_broker(Section& section, RouteConfig& route, const std::vector<BrokerConfig>& brokers) {
  if (!section.has("broker") || route.broker.empty()) return;
  std::vector<std::string_view> names;
  for (const auto& broker : brokers) {
    names.push_back(broker.name);
    if (broker.name == route.broker) return check_target(section, route, broker);
  }
  section.fail("broker", "there is no [broker." + route.broker + "]" + did_you_mean(route.broker, names));
}

void check_route(Section& section, const RouteConfig& route) {
  check_template_key(section, "exchange", route.exchange);
  check_template_key(section, "routing_key", route.routing_key);
  check_template_key(section, "type", route.type);
  if (section.has("topic") && route.topic.empty()) section.fail("topic", "is empty; write \"*\" for every topic");
  if (section.has("broker") && route.broker.empty())
    section.fail("broker", "is empty; write the NAME of a [broker.NAME]");
  if (route.topic.size() > max_name_bytes) section.fail("topic", "has more than 255 bytes");
  if (route.format == Format::cloudevents && route.source.empty()) {
    section.fail("source", "format = \"cloudevents\" needs it; write source = \"/shop\"");
  }
}

}  // namespace

std::vector<RouteConfig> read_routes(const Entry& root, const std::vector<BrokerConfig>& brokers, Findings& findings) {
  std::vector<RouteConfig> routes;
  if (root.value.kind != Value::Kind::array) {
    findings.add(root.place,
                 "'route' is " + std::string{describe(root.value.kind)} + "; write [[route]], once for each");
    return routes;
  }
  for (const auto& item : root.value.items) {
    RouteConfig route;
    Section section{item, item.place, "route", findings};
    read_target(section, route);
    read_policy(section, route);
    check_route(section, route);
    check_broker(section, route, brokers);
    const bool again =
        std::any_of(routes.begin(), routes.end(), [&](const RouteConfig& other) { return other.topic == route.topic; });
    if (again && !route.topic.empty()) {
      section.fail("topic", "an earlier [[route]] has '" + route.topic + "' too; the second would never be used");
    }
    section.finish();
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace waybill::config
