#include "broker/rabbitmq/channels.hpp"
#include "fake_amqp/fake_broker.hpp"

namespace waybill::testing {

using broker::rabbitmq::amqp_view;
using broker::rabbitmq::publish_channel;

void Peer::ack(std::uint64_t tag, bool multiple) {
  amqp_basic_ack_t fields{tag, static_cast<amqp_boolean_t>(multiple)};
  out_.method(publish_channel, AMQP_BASIC_ACK_METHOD, &fields);
}

void Peer::nack(std::uint64_t tag, bool multiple) {
  amqp_basic_nack_t fields{tag, static_cast<amqp_boolean_t>(multiple), 0};
  out_.method(publish_channel, AMQP_BASIC_NACK_METHOD, &fields);
}

void Peer::give_back(const Published& message, const std::function<void()>& between) {
  amqp_basic_return_t fields{AMQP_NO_ROUTE, amqp_cstring_bytes("NO_ROUTE"), amqp_view(message.exchange),
                             amqp_view(message.routing_key)};
  out_.method(publish_channel, AMQP_BASIC_RETURN_METHOD, &fields);
  if (between) between();
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_MESSAGE_ID_FLAG;
  properties.message_id = amqp_view(message.id);
  out_.header(publish_channel, message.body.size(), properties);
  if (!message.body.empty()) out_.body(publish_channel, message.body);
}

void Peer::flow(int times) {
  for (int count = 0; count < times; ++count) {
    amqp_channel_flow_t fields{1};
    out_.method(publish_channel, AMQP_CHANNEL_FLOW_METHOD, &fields);
  }
}

void Peer::block(const std::string& reason) {
  amqp_connection_blocked_t fields{amqp_view(reason)};
  out_.method(0, AMQP_CONNECTION_BLOCKED_METHOD, &fields);
}

void Peer::unblock() {
  amqp_connection_unblocked_t fields{0};
  out_.method(0, AMQP_CONNECTION_UNBLOCKED_METHOD, &fields);
}

void Peer::close_connection(std::uint16_t code, const std::string& text) {
  amqp_connection_close_t fields{code, amqp_view(text), 0, 0};
  out_.method(0, AMQP_CONNECTION_CLOSE_METHOD, &fields);
}

void Peer::close_channel(std::uint16_t code, const std::string& text) {
  amqp_channel_close_t fields{code, amqp_view(text), 60, 40};
  out_.method(publish_channel, AMQP_CHANNEL_CLOSE_METHOD, &fields);
  publish_closed_ = true;
}

}  // namespace waybill::testing
