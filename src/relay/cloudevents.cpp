#include "relay/cloudevents.hpp"

#include "core/text.hpp"

namespace waybill::relay {

Headers cloudevents_attributes(const RouteConfig& route, const Message& message) {
  const std::string& topic = message.topic.str();
  const std::string key = message.key ? message.key->str() : std::string{};
  Headers headers{{"specversion", "1.0"},
                  {"id", message.id.str()},
                  {"source", render_template(route.source, topic, key)},
                  {"type", render_template(route.type, topic, key)}};
  if (message.key) headers.emplace("partitionkey", key);
  return headers;
}

}  // namespace waybill::relay
