#pragma once

#include <optional>
#include <string>

#include "admin/json.hpp"
#include "http/principal.hpp"
#include "waybill/message.h"

namespace waybill::http {

/// How much of a message's payload and headers is shown. Each is more than those before it.
enum class Sight { nothing, masked, whole };

Sight sight_of(const HttpConfig& config, const Principal& who, std::string_view topic);

/// A payload, or what its decoder made of it, masked where it must be; nothing when it must be and can't, being no
/// JSON.
std::optional<std::string> shown_payload(const HttpConfig& config, Sight sight, const std::string& payload);

/// Masks headers and payload in the JSON of a message.
void mask_content(const HttpConfig& config, const Message& message, admin::Json& json);

}  // namespace waybill::http
