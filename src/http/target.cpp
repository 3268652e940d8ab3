#include "http/target.hpp"

#include <optional>

namespace waybill::http {
namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

Result<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[at] != '%') {
      decoded += text[at];
    } else {
      const auto high = at + 2 < text.size() ? hex_digit(text[at + 1]) : std::nullopt;
      const auto low = at + 2 < text.size() ? hex_digit(text[at + 2]) : std::nullopt;
      if (!high || !low) {
        return Error(ErrorCode::invalid_argument, "'" + std::string(text) + "' has a % without two hex digits");
      }
      decoded += static_cast<char>(*high * 16 + *low);
      at += 2;
    }
  }
  return decoded;
}

Status read_path(std::string_view path, Target& target) {
  path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    auto segment = decode(path.substr(0, slash), false);
    if (!segment) return segment.error();
    target.path.push_back(std::move(*segment));
    if (slash == std::string_view::npos) return {};
    path.remove_prefix(slash + 1);
  }
}

Status read_query(std::string_view query, Target& target) {
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(part.size() == query.size() ? query.size() : part.size() + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    auto name = decode(part.substr(0, equals), true);
    auto value = decode(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1), true);
    if (!name) return name.error();
    if (!value) return value.error();
    if (!target.query.try_emplace(*name, std::move(*value)).second) {
      return Error(ErrorCode::invalid_argument, "the parameter '" + *name + "' is there twice");
    }
  }
  return {};
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  if (!text.starts_with('/')) return Error(ErrorCode::invalid_argument, "the request's target is no path");
  Target target;
  const auto question = text.find('?');
  if (auto read = read_path(text.substr(0, question), target); !read) return read.error();
  if (question != std::string_view::npos) {
    if (auto read = read_query(text.substr(question + 1), target); !read) return read.error();
  }
  return target;
}

}  // namespace waybill::http
