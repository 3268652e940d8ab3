#include "core/uuid.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>

namespace waybill {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t text_length = 36;

// Asked anew each time, with nothing kept between calls: a forked child must not repeat its parent's ids.
std::array<std::uint64_t, 2> random_words() {
  std::array<std::uint64_t, 2> words{};
  while (getrandom(words.data(), sizeof words, 0) != static_cast<ssize_t>(sizeof words)) {
    if (errno != EINTR) std::abort();  // the kernel has no entropy source: no id can be made unique
  }
  return words;
}

std::int64_t unix_ms_now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

constexpr bool is_dash_position(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

int digit_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string format_uuid7(std::int64_t unix_ms, std::uint16_t rand_a, std::uint64_t rand_b) {
  const std::uint64_t high = (static_cast<std::uint64_t>(unix_ms) << 16) | 0x7000u | (rand_a & 0x0fffu);
  const std::uint64_t low = 0x8000'0000'0000'0000u | (rand_b & 0x3fff'ffff'ffff'ffffu);
  std::string text(text_length, '-');
  int nibble = 0;
  for (std::size_t i = 0; i < text_length; ++i) {
    if (is_dash_position(i)) continue;
    const auto half = nibble < 16 ? high : low;
    text[i] = hex_digits[(half >> (60 - 4 * (nibble % 16))) & 0xfu];
    ++nibble;
  }
  return text;
}

// RFC 9562, section 6.2, method 1: the 12 bits after the version count within a millisecond. They start in their lower
// half, so at least 2,048 ids fit; after that the millisecond runs ahead of the clock.
std::string make_uuid7() {
  thread_local std::int64_t last_ms = 0;
  thread_local std::uint16_t counter = 0;
  const auto random = random_words();
  const auto now = unix_ms_now();
  if (now > last_ms || ++counter > 0x0fff) {
    last_ms = now > last_ms ? now : last_ms + 1;
    counter = static_cast<std::uint16_t>(random[0] & 0x07ffu);
  }
  return format_uuid7(last_ms, counter, random[1]);
}

std::optional<std::int64_t> uuid7_unix_ms(std::string_view text) noexcept {
  if (text.size() != text_length || text[14] != '7') return std::nullopt;
  if (const int variant = digit_value(text[19]); variant < 8 || variant > 11) return std::nullopt;
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < text_length; ++i) {
    if (is_dash_position(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = digit_value(text[i]);
    if (value < 0) return std::nullopt;
    if (i < 13) ms = ms << 4 | value;
  }
  return ms;
}

}  // namespace waybill
