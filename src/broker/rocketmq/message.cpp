#include "broker/rocketmq/message.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "broker/rocketmq/inflate.hpp"
#include "broker/rocketmq/subscription.hpp"
#include "broker/text_headers.hpp"
#include "core/headers_json.hpp"
#include "core/text.hpp"
#include "core/validate.hpp"

namespace waybill::broker::rocketmq {
namespace {

constexpr std::string_view cloudevents_prefix = "CE_";
constexpr std::size_t longest_group = 63;
/// In which the broker keeps the message group, and which its proxy hands on with those of the sender.
constexpr std::string_view group_property = "__SHARDINGKEY";

// Of Unicode, in UTF-8: U+0000 to U+001F, U+007F to U+009F.
bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

bool is_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == ' '; });
}

std::optional<std::string> header_fault(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (has_control_character(name) || has_control_character(value)) {
      return "header '" + name + "': RocketMQ takes no control characters in a property";
    }
  }
  return std::nullopt;
}

std::optional<std::string> tag_fault(std::string_view tag) {
  if (tag.empty()) return std::nullopt;
  if (!is_blank(tag) && tag.find('|') == std::string_view::npos && !has_control_character(tag)) return std::nullopt;
  return "the routing key is the tag on RocketMQ, which must not be blank nor have '|' or control characters";
}

std::optional<std::int64_t> delivery_time(const Outgoing& outgoing) {
  const auto& headers = outgoing.message->headers;
  const auto found = headers.find(std::string(deliver_at_header));
  if (found == headers.end()) return std::nullopt;
  return whole_number(found->second);
}

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void set_ms(google::protobuf::Timestamp& timestamp, std::int64_t ms) {
  timestamp.set_seconds(ms / 1000);
  timestamp.set_nanos(static_cast<std::int32_t>(ms % 1000) * 1'000'000);
}

std::int64_t to_ms(const google::protobuf::Timestamp& timestamp) {
  return timestamp.seconds() * 1000 + timestamp.nanos() / 1'000'000;
}

using Properties = google::protobuf::Map<std::string, std::string>;

void add(Properties& properties, std::string_view name, std::string value) {
  properties[std::string(name)] = std::move(value);
}

bool is_for_what_is_empty(std::string_view name) {
  return name == empty_payload_property || name == empty_headers_property;
}

void add_headers(Properties& properties, const Outgoing& outgoing) {
  Headers empty;
  for_each_user_header(outgoing, [&](const std::string& name, const std::string& value) {
    if (is_for_what_is_empty(name)) return;
    value.empty() ? void(empty.emplace(name, "")) : add(properties, name, value);
  });
  if (!empty.empty()) add(properties, empty_headers_property, headers_to_json(empty));
}

void add_properties(Properties& properties, const Outgoing& outgoing) {
  const std::string prefix(cloudevents_prefix);
  const std::string& content_type = outgoing.message->content_type;
  add_headers(properties, outgoing);
  for (const auto& [name, value] : outgoing.attributes) add(properties, prefix + name, value);
  if (!outgoing.attributes.empty() && !content_type.empty()) add(properties, prefix + "contenttype", content_type);
  for_each_own_header(outgoing,
                      [&properties](std::string_view name, const std::string& value) { add(properties, name, value); });
  if (outgoing.message->payload.empty()) add(properties, empty_payload_property, "1");
}

void read_property(Delivery& delivery, const std::string& name, const std::string& value) {
  if (name == empty_payload_property) {
    delivery.message.payload.clear();
  } else if (name == empty_headers_property) {
    if (auto empty = headers_from_json(value)) delivery.message.headers.merge(*empty);
  } else if (name != group_property) {
    read_header(delivery, name, value);
  }
}

}  // namespace

std::optional<std::string> message_fault(const Outgoing& outgoing) {
  const Message& message = *outgoing.message;
  if (auto fault = rocketmq_topic_fault(outgoing.exchange)) return fault;
  if (auto fault = tag_fault(outgoing.routing_key)) return fault;
  for (const Headers* headers : {&message.headers, &outgoing.layout, &outgoing.attributes}) {
    if (auto fault = header_fault(*headers)) return fault;
  }
  const std::string_view key = message.key ? std::string_view(message.key->str()) : std::string_view();
  const std::pair<const char*, std::string_view> parts[] = {
      {"id", message.id.str()}, {"topic", message.topic.str()}, {"content type", message.content_type}, {"key", key}};
  for (const auto& [name, text] : parts) {
    if (has_control_character(text)) {
      return std::string("the ") + name + " has control characters, which RocketMQ takes in no property";
    }
  }
  if (is_blank(message.id.str())) return "the id is blank, which RocketMQ does not take";
  if (has_delivery_time(outgoing) && !delivery_time(outgoing)) {
    return "header '" + std::string(deliver_at_header) + "' is not a number of milliseconds since 1970";
  }
  return std::nullopt;
}

bool has_delivery_time(const Outgoing& outgoing) {
  return outgoing.message->headers.count(std::string(deliver_at_header)) > 0;
}

std::string group_of(const Outgoing& outgoing) {
  const Message& message = *outgoing.message;
  const std::string& name = message.key ? message.key->str() : message.id.str();
  return name.size() <= longest_group && !is_blank(name) ? name : sha256_hex(name).substr(0, longest_group);
}

v2::Message make_message(const Outgoing& outgoing, Delivering delivering, const std::string& resource_namespace) {
  const Message& message = *outgoing.message;
  v2::Message made;
  *made.mutable_topic() = resource(outgoing.exchange, resource_namespace);
  made.set_body(message.payload.empty() ? std::string(1, '\0') : message.payload);
  v2::SystemProperties& system = *made.mutable_system_properties();
  system.set_message_id(message.id.str());
  system.add_keys(message.id.str());
  system.set_body_encoding(v2::IDENTITY);
  set_ms(*system.mutable_born_timestamp(), outgoing.persisted_at_ms > 0 ? outgoing.persisted_at_ms : unix_ms());
  if (!outgoing.routing_key.empty() && outgoing.routing_key != outgoing.exchange) system.set_tag(outgoing.routing_key);
  if (delivering == Delivering::fifo) {
    system.set_message_type(v2::FIFO);
    system.set_message_group(group_of(outgoing));
  } else if (delivering == Delivering::delayed) {
    system.set_message_type(v2::DELAY);
    set_ms(*system.mutable_delivery_timestamp(), delivery_time(outgoing).value_or(0));
  } else {
    system.set_message_type(v2::NORMAL);
  }
  add_properties(*made.mutable_user_properties(), outgoing);
  return made;
}

Delivery read_message(const v2::Message& message) {
  const v2::SystemProperties& system = message.system_properties();
  Delivery delivery;
  delivery.message.id = MessageId(system.message_id());
  delivery.message.topic = Topic(message.topic().name());
  delivery.message.payload = message.body();
  if (system.body_encoding() == v2::GZIP) {
    if (auto unpacked = inflate(message.body())) delivery.message.payload = *std::move(unpacked);
  }
  if (system.has_message_group()) delivery.message.key = Key(system.message_group());
  for (const auto& [name, value] : message.user_properties()) read_property(delivery, name, value);
  delivery.redelivered = system.delivery_attempt() > 1;
  settle_persisted_at(delivery, system.has_born_timestamp() ? to_ms(system.born_timestamp()) : 0);
  return delivery;
}

}  // namespace waybill::broker::rocketmq
