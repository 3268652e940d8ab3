#include "core/validate.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace waybill {
namespace {

struct Lead {
  std::size_t length;     // of the whole sequence; 0: no sequence starts with this byte
  unsigned char lowest;   // of the second byte: excludes overlong forms
  unsigned char highest;  // of the second byte: excludes surrogates and what is above U+10FFFF
};

// The Unicode Standard, table 3-7.
Lead lead_of(unsigned char byte) noexcept {
  if (byte < 0x80) return {1, 0, 0};
  if (byte >= 0xc2 && byte <= 0xdf) return {2, 0x80, 0xbf};
  if (byte == 0xe0) return {3, 0xa0, 0xbf};
  if (byte == 0xed) return {3, 0x80, 0x9f};
  if (byte >= 0xe1 && byte <= 0xef) return {3, 0x80, 0xbf};
  if (byte == 0xf0) return {4, 0x90, 0xbf};
  if (byte >= 0xf1 && byte <= 0xf3) return {4, 0x80, 0xbf};
  if (byte == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

Error invalid(std::string text) { return {ErrorCode::invalid_argument, std::move(text)}; }

// Names end up as AMQP short strings and as text in stores that can hold neither NUL nor other encodings.
Status check_name(const std::string& part, std::string_view text) {
  if (text.size() > max_name_bytes) {
    return invalid(part + " has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(max_name_bytes) +
                   " are allowed");
  }
  if (text.find('\0') != std::string_view::npos) return invalid(part + " has a NUL byte; none is allowed");
  if (!is_utf8(text)) return invalid(part + " is not valid UTF-8");
  return {};
}

Status check_header(const std::string& name, const std::string& value) {
  if (name.empty()) return invalid("a header's name is empty; a name of 1 to 255 bytes is needed");
  const auto printable = is_utf8(name) ? name.substr(0, name.find('\0')) : "(not UTF-8)";
  const auto part = "header '" + (printable.size() > 40 ? "(long)" : printable) + "'";
  if (auto status = check_name("name of " + part, name); !status) return status;
  if (!is_utf8(value)) return invalid("value of " + part + " is not valid UTF-8");
  return {};
}

/// What a broker's topics may be called.
struct TopicRule {
  const char* broker;
  std::size_t longest;
  std::string_view signs;
  const char* allowed;
};

std::optional<std::string> topic_fault(std::string_view name, const TopicRule& rule) {
  const auto allowed = [&rule](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           rule.signs.find(c) != std::string_view::npos;
  };
  if (name.empty()) return "the topic's name is empty";
  const std::string quoted =
      "'" + std::string{name.substr(0, rule.longest)} + "' can't be a topic of " + rule.broker + ": ";
  if (name.size() > rule.longest) {
    return quoted + "it has " + std::to_string(name.size()) + " bytes, at most " + std::to_string(rule.longest) +
           " are allowed";
  }
  if (std::all_of(name.begin(), name.end(), allowed)) return std::nullopt;
  return quoted + "allowed are " + rule.allowed;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto lead = lead_of(byte(i));
    if (lead.length == 0 || i + lead.length > text.size()) return false;
    if (lead.length > 1 && (byte(i + 1) < lead.lowest || byte(i + 1) > lead.highest)) return false;
    for (std::size_t k = 2; k < lead.length; ++k) {
      if ((byte(i + k) & 0xc0u) != 0x80u) return false;
    }
    i += lead.length;
  }
  return true;
}

Status validate(const Message& message) {
  if (message.topic.empty())
    return invalid("topic is empty; it says where the message should go, such as orders.created");
  if (auto status = check_name("id", message.id.str()); !status) return status;
  if (auto status = check_name("topic", message.topic.str()); !status) return status;
  if (message.key) {
    if (auto status = check_name("key", message.key->str()); !status) return status;
  }
  if (auto status = check_name("content_type", message.content_type); !status) return status;
  for (const auto& [name, value] : message.headers) {
    if (auto status = check_header(name, value); !status) return status;
  }
  return {};
}

std::optional<std::string> kafka_topic_fault(std::string_view name) {
  if (name == "." || name == "..")
    return "'" + std::string{name} + "' can't be a topic of Kafka: it is a reserved name";
  return topic_fault(name, {"Kafka", 249, "._-", "letters, digits, '.', '_' and '-'"});
}

std::optional<std::string> rocketmq_topic_fault(std::string_view name) {
  return topic_fault(name, {"RocketMQ", 127, "_-%|", "letters, digits, '_', '-', '%' and '|'"});
}

}  // namespace waybill
