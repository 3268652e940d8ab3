#include "broker/text_headers.hpp"

#include <charconv>
#include <limits>

namespace waybill::broker {
namespace {

std::uint32_t attempt_of(std::string_view text) {
  const auto number = whole_number(text).value_or(1);
  return number < 0 || number > std::numeric_limits<std::uint32_t>::max() ? 1 : static_cast<std::uint32_t>(number);
}

}  // namespace

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void read_header(Delivery& delivery, std::string_view name, std::string_view value) {
  if (name == id_header) {
    delivery.message.id = MessageId(std::string(value));
  } else if (name == topic_header) {
    delivery.message.topic = Topic(std::string(value));
  } else if (name == key_header) {
    delivery.message.key = Key(std::string(value));
  } else if (name == attempt_header) {
    delivery.attempt = attempt_of(value);
  } else if (name == persisted_at_header) {
    delivery.persisted_at_ms = whole_number(value).value_or(0);
  } else if (name == content_type_header) {
    delivery.message.content_type = value;
  } else {
    delivery.message.headers[std::string(name)] = value;
  }
}

void settle_persisted_at(Delivery& delivery, std::int64_t broker_unix_ms) {
  if (const auto made_at = uuid7_unix_ms(delivery.message.id.str())) delivery.persisted_at_ms = *made_at;
  if (delivery.persisted_at_ms == 0 && broker_unix_ms > 0) delivery.persisted_at_ms = broker_unix_ms;
}

}  // namespace waybill::broker
