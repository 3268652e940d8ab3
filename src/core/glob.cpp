#include "core/glob.hpp"

#include <cstddef>

namespace waybill {
namespace {

bool is_ascii_word(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// `stands_for_one(c)` says whether `?` may stand for the byte.
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
    } else if (p < pattern.size() && (pattern[p] == text[t] || (pattern[p] == '?' && stands_for_one(text[t])))) {
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
