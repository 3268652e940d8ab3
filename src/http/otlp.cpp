#include "http/otlp.hpp"

#include "admin/json.hpp"
#include "core/broker_kind.hpp"

namespace waybill::http {
namespace {

using admin::Json;
using broker::OutcomeKind;

// The protocol's numbers.
constexpr int producer = 4, status_error = 2;

Json text(const char* key, const std::string& value) { return {{"key", key}, {"value", {{"stringValue", value}}}}; }
Json number(const char* key, std::uint64_t value) {
  return {{"key", key}, {"value", {{"intValue", std::to_string(value)}}}};
}

std::string hex(std::uint64_t value) {
  std::string digits(16, '0');
  for (auto at = digits.rbegin(); at != digits.rend(); ++at, value >>= 4) *at = "0123456789abcdef"[value & 15];
  return digits;
}

std::string unix_nanoseconds(MonoTime time, const Clocks& clocks) {
  using std::chrono::nanoseconds;
  const auto wall = std::chrono::duration_cast<nanoseconds>(clocks.wall.time_since_epoch());
  return std::to_string((wall + std::chrono::duration_cast<nanoseconds>(time - clocks.mono)).count());
}

/// As the conventions call a broker.
const char* system_of(BrokerKind kind) {
  switch (kind) {
    case BrokerKind::rabbitmq:
      return "rabbitmq";
    case BrokerKind::kafka:
      return "kafka";
    case BrokerKind::rocketmq:
      return "rocketmq";
    case BrokerKind::memory:
      return "memory";
  }
  return "unknown";
}

BrokerKind kind_of(const Config& config, const RouteConfig& route) {
  const auto* broker = config.broker(route.broker);
  return (broker == nullptr ? std::nullopt : broker_kind(broker->url)).value_or(BrokerKind::memory);
}

/// RabbitMQ's exchange and routing key, since neither alone says where a message goes; else the topic.
std::string destination_of(const relay::Span& span, BrokerKind kind) {
  if (kind != BrokerKind::rabbitmq || span.routing_key.empty()) return span.exchange;
  return span.exchange.empty() ? span.routing_key : span.exchange + ":" + span.routing_key;
}

Json attributes_of(const relay::Span& span, const RouteConfig& route, BrokerKind kind) {
  Json attributes = {
      text("messaging.system", system_of(kind)),   text("messaging.operation.type", "send"),
      text("messaging.operation.name", "publish"), text("messaging.destination.name", destination_of(span, kind)),
      text("messaging.message.id", span.id),       number("messaging.message.body.size", span.payload_bytes),
      text("waybill.route", route.topic),          text("waybill.topic", span.topic),
      text("waybill.broker", route.broker),        text("waybill.endpoint", span.endpoint),
      number("waybill.attempt", span.attempt),     text("waybill.outcome", std::string{to_string(span.outcome)})};
  if (kind == BrokerKind::rabbitmq)
    attributes.push_back(text("messaging.rabbitmq.destination.routing_key", span.routing_key));
  if (!span.answer.empty()) attributes.push_back(text("waybill.answer", span.answer));
  return attributes;
}

Json json_of(const relay::Span& span, const Config& config, const Clocks& clocks, std::uint64_t number) {
  const auto& route = config.routes[span.route];
  const auto kind = kind_of(config, route);
  // The conventions link a publication to where the message was made. It is a child of that too, so that it shows in
  // the order's own trace: it belongs to one message, and to no request of the relay's.
  const Json origin = {
      {"traceId", span.context.trace_id}, {"spanId", span.context.span_id}, {"traceState", span.context.state}};
  Json json = {{"traceId", span.context.trace_id},
               {"spanId", hex(number | 1)},
               {"parentSpanId", span.context.span_id},
               {"traceState", span.context.state},
               {"name", "publish " + destination_of(span, kind)},
               {"kind", producer},
               {"startTimeUnixNano", unix_nanoseconds(span.published_at, clocks)},
               {"endTimeUnixNano", unix_nanoseconds(span.answered_at, clocks)},
               {"attributes", attributes_of(span, route, kind)},
               {"links", Json::array({origin})},
               {"status", Json::object()}};
  if (span.outcome != OutcomeKind::confirmed)
    json["status"] = {{"code", status_error}, {"message", std::string{to_string(span.outcome)} + ": " + span.answer}};
  return json;
}

}  // namespace

std::string otlp_request(const Config& config, const std::string& process, const std::vector<relay::Span>& spans,
                         const Clocks& clocks, const std::function<std::uint64_t()>& random) {
  Json listed = Json::array();
  for (const auto& span : spans) listed.push_back(json_of(span, config, clocks, random()));
  const Json resource = {{"attributes",
                          {text("service.name", config.traces.service), text("service.version", WAYBILL_VERSION),
                           text("service.instance.id", process)}}};
  const Json scope = {{"scope", {{"name", "waybill"}, {"version", WAYBILL_VERSION}}}, {"spans", std::move(listed)}};
  const Json request = {{"resourceSpans", {{{"resource", resource}, {"scopeSpans", Json::array({scope})}}}}};
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace waybill::http
