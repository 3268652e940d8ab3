#include "http/body.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace waybill::http {
namespace {

using admin::Json;

constexpr std::size_t most_strings = 1000, longest_reason = 1000;

bool is_text(const Json& value) { return value.is_string(); }

}  // namespace

Error wrong(const std::string& name, const std::string& what) {
  return {ErrorCode::invalid_argument, "'" + name + "' " + what};
}

Result<Body> Body::of(const Request& request) {
  if (!request.content_type.starts_with("application/json")) {
    return wrong("Content-Type", "must be application/json");
  }
  auto json = Json::parse(request.body, nullptr, false);
  if (!json.is_object()) return Error(ErrorCode::invalid_argument, "the body is no JSON object");
  return Body(std::move(json));
}

Status Body::read(const char* name, std::string& target) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_string()) return wrong(name, "is no string");
  target = value->get<std::string>();
  return {};
}

Status Body::read(const char* name, std::optional<std::string>& target) {
  std::string text;
  if (auto read_text = read(name, text); !read_text) return read_text;
  if (find(name) != nullptr) target = std::move(text);
  return {};
}

Status Body::read(const char* name, bool& target) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_boolean()) return wrong(name, "is neither true nor false");
  target = value->get<bool>();
  return {};
}

Status Body::read(const char* name, double& target) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_number()) return wrong(name, "is no number");
  target = value->get<double>();
  return {};
}

Status Body::read(const char* name, std::vector<std::uint64_t>& target) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  const bool fits =
      value->is_array() && std::ranges::all_of(*value, [](const Json& one) { return one.is_number_unsigned(); });
  if (!fits) return wrong(name, "is no list of whole numbers");
  target = value->get<std::vector<std::uint64_t>>();
  return {};
}

Status Body::read(const char* name, std::vector<std::string>& target) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  const bool fits = value->is_array() && value->size() <= most_strings && std::ranges::all_of(*value, is_text);
  if (!fits) return wrong(name, "is no list of at most 1,000 strings");
  target = value->get<std::vector<std::string>>();
  return {};
}

Status Body::read(const char* name, std::optional<std::map<std::string, std::string>>& target) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_object() || !std::ranges::all_of(*value, is_text)) return wrong(name, "is no object of strings");
  target = value->get<std::map<std::string, std::string>>();
  return {};
}

Status Body::read_reason(std::string& why, bool required) {
  if (auto read_text = read("why", why); !read_text) return read_text;
  if (why.size() > longest_reason) return wrong("why", "has more than 1,000 bytes");
  if (why.empty() && required) return wrong("why", "is missing: say the reason, it is kept");
  return {};
}

Status Body::finish() const {
  for (const auto& [name, value] : json_.items()) {
    if (std::ranges::find(known_, name) != known_.end()) continue;
    const auto close = nearest(name, known_);
    return wrong(name, "is unknown" + (close ? ": did you mean '" + *close + "'?" : std::string{}));
  }
  return {};
}

const Json* Body::find(const char* name) {
  known_.emplace_back(name);
  const auto found = json_.find(name);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace waybill::http
