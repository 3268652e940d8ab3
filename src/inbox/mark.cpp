#include "inbox/mark.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "core/uuid.hpp"

namespace waybill {

std::string_view to_string(Once result) noexcept {
  switch (result) {
    case Once::fresh:
      return "new";
    case Once::duplicate:
      return "duplicate";
    case Once::conflict:
      return "conflict";
    case Once::expired:
      return "expired";
  }
  return "unknown";
}

std::string_view to_string(Version result) noexcept {
  switch (result) {
    case Version::applied:
      return "applied";
    case Version::stale:
      return "stale";
  }
  return "unknown";
}

std::string content_digest(std::string_view payload) { return sha256_hex(payload); }

Mark Mark::of(std::string consumer, const Message& message) {
  Mark mark;
  mark.consumer = std::move(consumer);
  mark.unique_id = message.key && !message.key->empty() ? message.key->str() : message.id.str();
  mark.fingerprint = message.id.str();
  mark.digest = content_digest(message.payload);
  mark.message_id = message.id.str();
  return mark;
}

}  // namespace waybill

namespace waybill::inbox {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

Status check_part(std::string_view name, const std::string& text) {
  if (text.empty() || text.size() > max_name_bytes) {
    return Error{ErrorCode::invalid_argument, "mark: " + std::string{name} + " has " + std::to_string(text.size()) +
                                                  " bytes; 1 to " + std::to_string(max_name_bytes) + " are needed"};
  }
  if (text.find('\0') != std::string::npos) {
    return Error{ErrorCode::invalid_argument, "mark: " + std::string{name} + " holds a NUL byte"};
  }
  return {};
}

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

bool is_name(std::string_view text) {
  return !text.empty() && starts_name(text.front()) && std::all_of(text.begin(), text.end(), continues_name);
}

bool is_qualified_name(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return is_name(text);
  return is_name(text.substr(0, dot)) && is_name(text.substr(dot + 1));
}

Error not_a_name(std::string_view part, const std::string& text) {
  return {ErrorCode::invalid_argument, "versioned row: " + std::string{part} + " '" + text +
                                           "' is not a name; letters, digits and _ are allowed, a digit not first"};
}

}  // namespace

Status check(const Mark& mark) {
  if (auto part = check_part("consumer", mark.consumer); !part) return part;
  if (auto part = check_part("unique_id", mark.unique_id); !part) return part;
  return check_part("fingerprint", mark.fingerprint);
}

std::optional<std::int64_t> born_ms(const Mark& mark, std::int64_t now_ms) {
  auto born = uuid7_unix_ms(mark.message_id);
  if (!born && mark.persisted_at_ms > 0) born = mark.persisted_at_ms;
  if (born && *born > now_ms + day_ms) return std::nullopt;
  return born;
}

Status check(const VersionedRow& row) {
  if (!is_qualified_name(row.table)) return not_a_name("table", row.table);
  if (!is_name(row.id_column)) return not_a_name("id_column", row.id_column);
  if (!is_name(row.version_column)) return not_a_name("version_column", row.version_column);
  return {};
}

std::string enclose(std::string_view name, char open, char close) {
  const auto dot = name.find('.');
  if (dot != std::string_view::npos) {
    return enclose(name.substr(0, dot), open, close) + "." + enclose(name.substr(dot + 1), open, close);
  }
  return open + std::string{name} + close;
}

}  // namespace waybill::inbox
