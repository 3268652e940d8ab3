#include "broker/rabbitmq/content.hpp"

#include <optional>
#include <string>

#include "broker/wire_headers.hpp"
#include "core/uuid.hpp"

namespace waybill::broker::rabbitmq {
namespace {

/// Source: the CloudEvents AMQP protocol binding, section 3.1.3.1.
constexpr std::string_view cloudevents_prefix = "cloudEvents_";

std::optional<std::string> too_long(std::string_view what, std::string_view value) {
  if (value.size() <= max_name_bytes) return std::nullopt;
  return std::string(what) + " has " + std::to_string(value.size()) + " bytes, AMQP allows " +
         std::to_string(max_name_bytes);
}

std::optional<std::string> name_fault(const Outgoing& outgoing) {
  const Message& message = *outgoing.message;
  if (auto fault = too_long("the routing key", outgoing.routing_key)) return fault;
  if (auto fault = too_long("the exchange's name", outgoing.exchange)) return fault;
  if (auto fault = too_long("the id", message.id.str())) return fault;
  if (auto fault = too_long("the content type", message.content_type)) return fault;
  for (const Headers* headers : {&message.headers, &outgoing.attributes, &outgoing.layout}) {
    for (const auto& [name, value] : *headers) {
      if (auto fault = too_long("the name of header '" + name.substr(0, 40) + "...'", name)) return fault;
    }
  }
  return std::nullopt;
}

std::size_t header_bytes(const Outgoing& outgoing) {
  std::size_t sum = 0;
  for (const Headers* headers : {&outgoing.message->headers, &outgoing.attributes, &outgoing.layout}) {
    for (const auto& [name, value] : *headers) sum += name.size() + value.size() + 6;
  }
  return sum;
}

}  // namespace

void ContentEncoder::text(std::string_view name, std::string_view value) {
  amqp_table_entry_t entry{amqp_view(name), {}};
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = amqp_view(value);
  entries_.push_back(entry);
}

void ContentEncoder::collect_headers(const Outgoing& outgoing) {
  const Message& message = *outgoing.message;
  entries_.clear();
  for_each_user_header(outgoing, [this](const std::string& name, const std::string& value) { text(name, value); });
  attribute_names_.clear();
  attribute_names_.reserve(outgoing.attributes.size());
  for (const auto& [name, value] : outgoing.attributes) {
    text(attribute_names_.emplace_back(std::string(cloudevents_prefix) + name), value);
  }
  // Each header costs the broker microseconds a message, so what the other end knows anyway doesn't travel.
  if (message.topic.str() != outgoing.routing_key) text(topic_header, message.topic.str());
  if (message.key) text(key_header, message.key->str());
  amqp_table_entry_t attempt{amqp_view(attempt_header), {}};
  attempt.value.kind = AMQP_FIELD_KIND_I32;
  attempt.value.value.i32 = static_cast<std::int32_t>(outgoing.attempt);
  entries_.push_back(attempt);
  // A UUIDv7 was made when the service stored the message, and tells when.
  if (outgoing.persisted_at_ms > 0 && !uuid7_unix_ms(message.id.str())) {
    amqp_table_entry_t persisted{amqp_view(persisted_at_header), {}};
    persisted.value.kind = AMQP_FIELD_KIND_I64;
    persisted.value.value.i64 = outgoing.persisted_at_ms;
    entries_.push_back(persisted);
  }
}

Status ContentEncoder::begin(FrameWriter& out, std::uint16_t channel, const Outgoing& outgoing) {
  if (auto fault = name_fault(outgoing)) return Error(ErrorCode::invalid_argument, *fault);
  const Message& message = *outgoing.message;
  const std::uint64_t start = out.added_total();
  amqp_basic_publish_t publish{0, amqp_view(outgoing.exchange), amqp_view(outgoing.routing_key), 1, 0};
  out.method(channel, AMQP_BASIC_PUBLISH_METHOD, &publish);
  collect_headers(outgoing);
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG;
  properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
  properties.headers = {static_cast<int>(entries_.size()), entries_.data()};
  if (!message.id.empty()) {
    properties._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
    properties.message_id = amqp_view(message.id.str());
  }
  if (!message.content_type.empty()) {
    properties._flags |= AMQP_BASIC_CONTENT_TYPE_FLAG;
    properties.content_type = amqp_view(message.content_type);
  }
  if (out.header(channel, message.payload.size(), properties)) return {};
  out.rewind(start);
  return Error(ErrorCode::invalid_argument, "the headers have " + std::to_string(header_bytes(outgoing)) +
                                                " bytes, more than fits into one AMQP frame of " +
                                                std::to_string(out.frame_max()) + " bytes");
}

}  // namespace waybill::broker::rabbitmq
