#include "relay/debezium.hpp"

#include "core/text.hpp"

namespace waybill::relay {

Headers debezium_headers(const RouteConfig& route, const Message& message) {
  constexpr const char* event_type = "eventType";
  const auto own = message.headers.find(event_type);
  const std::string key = message.key ? message.key->str() : std::string{};
  return {
      {"id", message.id.str()},
      {event_type, own != message.headers.end() ? own->second : render_template(route.type, message.topic.str(), key)}};
}

}  // namespace waybill::relay
