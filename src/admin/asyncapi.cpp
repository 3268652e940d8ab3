#include "admin/asyncapi.hpp"

#include <cctype>

#include "core/url.hpp"

namespace waybill::admin {
namespace {

/// What may stand as a name in the document.
std::string identifier(const std::string& text) {
  std::string id;
  for (const char c : text) id += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ? c : '_';
  return id;
}

std::string channel_id(std::size_t number) { return "route-" + std::to_string(number + 1); }

Json reference(const std::string& to) { return {{"$ref", "#/" + to}}; }

Json server_of(const BrokerConfig& broker) {
  Json server{{"host", "unknown"}, {"protocol", "unknown"}};
  const auto url = parse_url(broker.url.reveal());
  if (!url) return server;
  server["host"] = url->port == 0 ? url->host : url->host + ":" + std::to_string(url->port);
  server["protocol"] = url->scheme == "kafkas" ? "kafka-secure" : url->scheme;
  server["title"] = broker.name;
  return server;
}

/// The names in braces that the text holds.
Json parameters_of(const std::string& text) {
  Json parameters = Json::object();
  if (text.find("{topic}") != std::string::npos) {
    parameters["topic"] = {{"description", "The message's topic, as the service gave it"}};
  }
  if (text.find("{key}") != std::string::npos) parameters["key"] = {{"description", "The message's key"}};
  return parameters;
}

bool is_amqp(const Config& config, const RouteConfig& route) {
  const auto* broker = config.broker(route.broker);
  return broker != nullptr && broker->url.reveal().starts_with("amqp");
}

std::string message_name(const RouteConfig& route) { return std::string(to_string(route.format)); }

Json channel_of(const Config& config, const RouteConfig& route) {
  const bool amqp = is_amqp(config, route);
  const auto address = amqp ? route.routing_key : route.exchange;
  Json channel{{"address", address},
               {"title", route.topic},
               {"description", "Messages whose topic matches " + route.topic},
               {"servers", Json::array({reference("servers/" + identifier(route.broker))})}};
  const auto name = message_name(route);
  channel["messages"] = {{name, reference("components/messages/" + name)}};
  if (auto parameters = parameters_of(address); !parameters.empty()) channel["parameters"] = std::move(parameters);
  if (amqp) channel["bindings"]["amqp"] = {{"is", "routingKey"}, {"exchange", {{"name", route.exchange}}}};
  return channel;
}

Json operation_of(const RouteConfig& route, const std::string& channel) {
  const auto order = route.order == Order::key ? "Messages of one key come in the order of their commits. " : "";
  return {{"action", "send"},
          {"channel", reference("channels/" + channel)},
          {"description", std::string(order) + "A message can come twice: waybill-attempt above 1 says that it may."},
          {"messages", Json::array({reference("channels/" + channel + "/messages/" + message_name(route))})}};
}

Json header(const std::string& type, const std::string& description) {
  return {{"type", type}, {"description", description}};
}

Json message(const std::string& title, const Json& further) {
  Json properties{{"waybill-attempt", header("string", "1 for the first time; above: it may have come before")},
                  {"waybill-key", header("string", "The message's key, if it has one")},
                  {"waybill-topic", header("string", "The message's topic, unless the address tells it")},
                  {"waybill-persisted-at", header("string", "When it was stored, in Unix ms, unless its id tells it")},
                  {"waybill-origin", header("string", "The message that a person made it from")},
                  {"traceparent", header("string", "W3C trace context, as the service gave it")}};
  properties.update(further);
  return {{"title", title}, {"headers", {{"type", "object"}, {"properties", properties}}}};
}

Json messages() {
  return {
      {"plain", message("The payload as the service wrote it", Json::object())},
      {"cloudevents",
       message("CloudEvents 1.0, binary mode", {{"specversion", header("string", "1.0")},
                                                {"id", header("string", "The message's id")},
                                                {"source", header("string", "The route's source")},
                                                {"type", header("string", "The route's type")},
                                                {"partitionkey", header("string", "The message's key")}})},
      {"debezium", message("As Debezium's outbox event router writes it",
                           {{"id", header("string", "The message's id")},
                            {"eventType", header("string", "The message's header eventType, or the route's type")}})}};
}

}  // namespace

Json asyncapi_json(const Config& config, const std::string& title, const std::string& version) {
  Json document{{"asyncapi", "3.0.0"}, {"info", {{"title", title}, {"version", version}}}};
  document["servers"] = Json::object();
  for (const auto& broker : config.brokers) document["servers"][identifier(broker.name)] = server_of(broker);
  document["channels"] = Json::object();
  document["operations"] = Json::object();
  Json used = Json::object();
  const auto all = messages();
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    const auto& route = config.routes[i];
    document["channels"][channel_id(i)] = channel_of(config, route);
    document["operations"]["send-" + channel_id(i)] = operation_of(route, channel_id(i));
    used[message_name(route)] = all[message_name(route)];
  }
  document["components"]["messages"] = used;
  return document;
}

}  // namespace waybill::admin
