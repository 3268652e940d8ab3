#pragma once

#include <string_view>

#include "waybill/message.h"
#include "waybill/result.h"

namespace waybill {

bool is_utf8(std::string_view text) noexcept;

/// What every way of sending checks first: topic present, id, topic, key and header names at most 255 bytes and UTF-8
/// without NUL, header values UTF-8. The error names the part (`header 'x'`, `id`) and says what is allowed.
Status validate(const Message& message);

}  // namespace waybill
