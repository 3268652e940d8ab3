#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// A new UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random bits; later calls in one thread sort higher.
/// Ids of two threads or processes differ by 62 random bits and do not sort among themselves within a millisecond.
std::string make_uuid7();

/// The text of the UUIDv7 with these parts (RFC 9562, section 5.7): 48 bits of `unix_ms`, the low 12 of `rand_a`, the
/// low 62 of `rand_b`.
std::string format_uuid7(std::int64_t unix_ms, std::uint16_t rand_a, std::uint64_t rand_b);

/// The Unix milliseconds inside a UUIDv7, or nullopt when the text is not one.
std::optional<std::int64_t> uuid7_unix_ms(std::string_view text) noexcept;

}  // namespace waybill
