#include "http/content.hpp"

#include "admin/mask.hpp"

namespace waybill::http {

Sight sight_of(const HttpConfig& config, const Principal& who, std::string_view topic) {
  if (!who.sees_payloads().has(topic)) return Sight::nothing;
  return config.has_masks() && !who.sees_unmasked().has(topic) ? Sight::masked : Sight::whole;
}

std::optional<std::string> shown_payload(const HttpConfig& config, Sight sight, const std::string& payload) {
  if (sight == Sight::nothing) return std::nullopt;
  const bool as_it_is = sight == Sight::whole || config.mask.empty() || payload.empty();
  return as_it_is ? std::optional(payload) : admin::mask_json(payload, config.mask);
}

void mask_content(const HttpConfig& config, const Message& message, admin::Json& json) {
  json["headers"] = admin::mask_headers(message.headers, config.mask_headers);
  if (config.mask.empty()) return;
  json.erase("payload");
  json.erase("payload_base64");
  if (const auto payload = shown_payload(config, Sight::masked, message.payload)) json["payload"] = *payload;
}

}  // namespace waybill::http
