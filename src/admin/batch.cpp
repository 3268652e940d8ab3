#include <array>
#include <chrono>

#include "admin/base64.hpp"
#include "admin/json.hpp"
#include "admin/sending.hpp"
#include "core/headers_json.hpp"
#include "core/text.hpp"

namespace waybill::admin {
namespace {

constexpr std::array<std::string_view, 8> fields{"topic",          "key",          "id",   "headers", "payload",
                                                 "payload_base64", "content_type", "delay"};

Error field_error(const std::string& name, const std::string& what) {
  return {ErrorCode::invalid_argument, "field '" + name + "' " + what};
}

Status set_delay(const std::string& text, Message& message) {
  auto delay = parse_duration(text);
  if (!delay) return field_error("delay", delay.error().message());
  message.not_before =
      std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(*delay);
  return {};
}

Status set_text(const std::string& name, const std::string& text, Message& message) {
  if (name == "topic") message.topic = Topic(text);
  if (name == "key") message.key = Key(text);
  if (name == "id") message.id = MessageId(text);
  if (name == "payload") message.payload = text;
  if (name == "content_type") message.content_type = text;
  if (name == "delay") return set_delay(text, message);
  if (name == "payload_base64") {
    auto bytes = from_base64(text);
    if (!bytes) return field_error(name, "is " + bytes.error().message());
    message.payload = std::move(*bytes);
  }
  return {};
}

Status set_field(const std::string& name, const Json& value, Message& message) {
  if (std::ranges::find(fields, name) == fields.end()) {
    const auto close = nearest(name, fields);
    return field_error(name, "is unknown" + (close ? ": did you mean '" + *close + "'?" : std::string{}));
  }
  if (value.is_null()) return {};
  if (name == "headers") {
    auto headers = headers_from_json(to_text(value, -1));
    if (!headers) return headers.error();
    message.headers = std::move(*headers);
    return {};
  }
  if (!value.is_string()) return field_error(name, std::string("is a ") + value.type_name() + ", not a string");
  return set_text(name, value.get_ref<const std::string&>(), message);
}

Result<Message> message_of(const Json& object) {
  if (!object.is_object()) {
    return Error(ErrorCode::invalid_argument,
                 std::string("a message must be a JSON object; this is of the type ") + object.type_name());
  }
  if (object.contains("payload") && object.contains("payload_base64")) {
    return Error(ErrorCode::invalid_argument, "'payload' and 'payload_base64' exclude each other");
  }
  Message message;
  for (const auto& [name, value] : object.items()) {
    if (auto set = set_field(name, value, message); !set) return set.error();
  }
  return message;
}

/// The parser's words without its own prefix `[json.exception...] parse error at line 1, column 9: `.
std::string reason_of(const Json::parse_error& error) {
  const std::string_view text = error.what();
  const auto colon = text.find(": ");
  return std::string(colon == std::string_view::npos ? text : text.substr(colon + 2));
}

Result<Message> parse_line(std::string_view line, const std::string& place, const SendingRules& rules) {
  Json object;
  try {
    object = Json::parse(line);
  } catch (const Json::parse_error& error) {
    return Error(ErrorCode::invalid_argument, place + ":" + std::to_string(error.byte) + ": " + reason_of(error));
  }
  auto message = message_of(object);
  if (!message) return Error(ErrorCode::invalid_argument, place + ":1: " + message.error().message());
  if (auto valid = check_message(*message, rules); !valid) {
    return Error(valid.error().code(), place + ":1: " + valid.error().message());
  }
  return message;
}

}  // namespace

Result<std::vector<Message>> parse_batch(std::string_view text, const std::string& source, const SendingRules& rules) {
  std::vector<Message> messages;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto message = parse_line(line, source + ":" + std::to_string(line_number), rules);
    if (!message) return message.error();
    messages.push_back(std::move(*message));
  }
  return messages;
}

}  // namespace waybill::admin
