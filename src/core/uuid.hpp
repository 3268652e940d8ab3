#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// A new UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random bits; later calls in one thread sort higher.
std::string make_uuid7();

/// The Unix milliseconds inside a UUIDv7, or nullopt when the text is not one.
std::optional<std::int64_t> uuid7_unix_ms(std::string_view text) noexcept;

}  // namespace waybill
