#include "relay/outgoing.hpp"

#include <utility>

#include "core/text.hpp"
#include "relay/cloudevents.hpp"
#include "relay/debezium.hpp"

namespace waybill::relay {

broker::Outgoing outgoing_of(const RouteConfig& route, std::shared_ptr<const Message> message) {
  const std::string& topic = message->topic.str();
  const std::string key = message->key ? message->key->str() : std::string{};
  broker::Outgoing outgoing;
  outgoing.exchange = render_template(route.exchange, topic, key);
  outgoing.routing_key = render_template(route.routing_key, topic, key);
  if (route.format == Format::cloudevents) outgoing.attributes = cloudevents_attributes(route, *message);
  if (route.format == Format::debezium) outgoing.layout = debezium_headers(route, *message);
  outgoing.message = std::move(message);
  return outgoing;
}

}  // namespace waybill::relay
