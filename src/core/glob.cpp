#include "core/glob.hpp"

#include <cstddef>

namespace waybill {
namespace {

bool is_ascii_word(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// How many bytes the UTF-8 character has that begins there; a byte that begins none is one by itself.
std::size_t width_at(std::string_view text, std::size_t at) noexcept {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t width = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (at + width > text.size()) return 1;
  for (std::size_t i = 1; i < width; ++i) {
    if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return 1;
  }
  return width;
}

/// `stands_for_one(c)` says whether `?` may stand for the character that begins with it.
///
/// Only the last `*` is ever retried: an earlier one already matched as little as it had to, and more
/// can't help.
template <class Predicate>
bool matches(std::string_view pattern, std::string_view text, const Predicate& stands_for_one) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t after_star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == '?' && stands_for_one(text[t])) {
      ++p;
      t += width_at(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (after_star != std::string_view::npos) {
      p = after_star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
  return matches(pattern, text, [](char) { return true; });
}

// `inner` is laid under `outer` as a text: its `*` must come to lie under one of `outer`, for which it is any text.
bool glob_covers(std::string_view outer, std::string_view inner) noexcept {
  return matches(outer, inner, [](char c) { return c != '*'; });
}

std::string glob_to_regex(std::string_view pattern) {
  std::string regex = "^";
  for (const char c : pattern) {
    if (c == '*') {
      regex += ".*";
    } else if (c == '?') {
      regex += '.';
    } else {
      const bool plain = is_ascii_word(c) || static_cast<unsigned char>(c) >= 0x80;
      if (!plain) regex += '\\';
      regex += c;
    }
  }
  return regex += '$';
}

std::string glob_to_sqlite(std::string_view pattern) {
  std::string glob;
  for (const char c : pattern) {
    if (c == '[') {
      glob += "[[]";
    } else {
      glob += c;
    }
  }
  return glob;
}

}  // namespace waybill
