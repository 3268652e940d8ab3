#include "relay/cloudevents.hpp"

#include "core/text.hpp"

namespace waybill::relay {

Headers cloudevents_headers(const RouteConfig& route, const Message& message) {
  const std::string& topic = message.topic.str();
  const std::string key = message.key ? message.key->str() : std::string{};
  Headers headers{{"cloudEvents_specversion", "1.0"},
                  {"cloudEvents_id", message.id.str()},
                  {"cloudEvents_source", render_template(route.source, topic, key)},
                  {"cloudEvents_type", render_template(route.type, topic, key)}};
  if (message.key) headers.emplace("cloudEvents_partitionkey", key);
  return headers;
}

}  // namespace waybill::relay
