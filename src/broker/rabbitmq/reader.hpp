#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace waybill::broker::rabbitmq {

/// Reads AMQP values from bytes a broker sent, which may be hostile: reading past the end gives zeros and empty strings
/// and clears ok(), nothing is allocated, and tables are stepped over by their length, so nesting costs no stack.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::string_view short_string() { return bytes(u8()); }
  std::string_view long_string() { return bytes(u32()); }

  std::string_view bytes(std::size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::uint64_t number(std::size_t width) {
    std::uint64_t value = 0;
    for (const char byte : bytes(width)) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace waybill::broker::rabbitmq
