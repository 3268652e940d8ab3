#include "core/config/references.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "core/config/file_text.hpp"

namespace waybill::config {
namespace {

constexpr std::string_view file_prefix = "file:";
constexpr std::size_t max_secret_bytes = 64u << 10;

bool is_variable_name(std::string_view name) noexcept {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Result<std::string> variable(const std::string& name) {
  if (!is_variable_name(name)) {
    return Error{ErrorCode::invalid_configuration,
                 "'${' starts no reference of the form ${NAME}; write '$${' for the characters themselves"};
  }
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
  if (value != nullptr && *value != '\0') return std::string{value};
  const auto* how = value == nullptr ? "is not set" : "is empty";
  return Error{ErrorCode::missing_secret, "the environment variable " + name + " " + how};
}

Result<std::string> read_secret(const std::string& path) {
  const auto missing = [&](const std::string& why) {
    return Error{ErrorCode::missing_secret, "the secret file '" + path + "': " + why};
  };
  auto text = read_file(path, max_secret_bytes);
  if (!text) return missing(text.error().message());
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) return missing("it is empty");
  return text;
}

}  // namespace

Result<std::string> resolve_environment(std::string_view text) {
  std::string resolved;
  for (auto at = text.find("${"); at != std::string_view::npos; at = text.find("${")) {
    if (at > 0 && text[at - 1] == '$') {
      resolved.append(text.substr(0, at - 1)).append("${");
      text.remove_prefix(at + 2);
      continue;
    }
    const auto close = text.find('}', at);
    const auto length = close == std::string_view::npos ? 0 : close - at - 2;
    auto value = variable(std::string{text.substr(at + 2, length)});
    if (!value) return value;
    resolved.append(text.substr(0, at)).append(*value);
    text.remove_prefix(close + 1);
  }
  return resolved.append(text);
}

Result<std::string> resolve_secret(std::string_view text, const std::string& folder) {
  auto resolved = resolve_environment(text);
  if (!resolved || !text.starts_with(file_prefix)) return resolved;
  auto path = resolved->substr(file_prefix.size());
  if (!path.starts_with('/') && !folder.empty()) path = folder + "/" + path;
  return read_secret(path);
}

}  // namespace waybill::config
