#include "admin/base64.hpp"

#include <array>
#include <cstdint>

namespace waybill::admin {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < have ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= have ? alphabet[group >> (18 - 6 * i) & 63U] : '=';
    }
  }
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  const std::size_t whole = text.size();
  while (!text.empty() && text.back() == '=' && whole - text.size() < 2) text.remove_suffix(1);
  if (text.size() % 4 == 1) return Error(ErrorCode::invalid_argument, "base64 text ends in the middle of a byte");
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto value = alphabet.find(text[at]);
    if (value == std::string_view::npos) {
      return Error(ErrorCode::invalid_argument, "not base64: character " + std::to_string(at + 1));
    }
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(group >> bits & 255U);
    }
  }
  return bytes;
}

}  // namespace waybill::admin
