#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace waybill::store {

/// The time that a program wrote as `not_before`, in Unix milliseconds: anything. Kept within what the clock's type
/// holds, which ends in 2262; a number far beyond is still a time far away.
inline std::chrono::system_clock::time_point time_of_unix_ms(std::int64_t ms) {
  constexpr std::int64_t last = 9'000'000'000'000;
  return std::chrono::system_clock::time_point{std::chrono::milliseconds{std::clamp<std::int64_t>(ms, 0, last)}};
}

}  // namespace waybill::store
