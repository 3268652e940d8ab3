#include "core/shown_config.hpp"

#include "core/config/document.hpp"
#include "core/config/file_text.hpp"
#include "core/config/sections.hpp"
#include "core/url.hpp"

namespace waybill {
namespace {

using config::Value;

bool is_reference(std::string_view text) {
  return text.starts_with("file:") || (text.starts_with("${") && text.find('}') == text.size() - 1);
}

/// A URL may hold a password wherever it stands.
std::string text_of(const Value& value, bool is_plain) {
  if (value.text.find("://") != std::string::npos) return mask_url(value.text);
  return is_plain || is_reference(value.text) ? value.text : "***";
}

std::string shown(const Value& value, bool is_plain) {
  switch (value.kind) {
    case Value::Kind::string:
      return text_of(value, is_plain);
    case Value::Kind::integer:
      return std::to_string(value.integer);
    case Value::Kind::boolean:
      return value.boolean ? "true" : "false";
    case Value::Kind::date:
      return value.is_moment ? std::to_string(value.integer) + " ms" : std::string{describe(value.kind)};
    default:
      return std::string{describe(value.kind)};
  }
}

// As deep as the parser goes, which refuses more than 256 levels.
void add(const Value& value, const std::string& name, const config::Findings& findings, ShownConfig& config) {
  if (value.kind == Value::Kind::table) {
    for (const auto& entry : value.entries) {
      add(entry.value, name.empty() ? entry.name : name + "." + entry.name, findings, config);
    }
  } else if (value.kind == Value::Kind::array) {
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      add(value.items[i], name + "[" + std::to_string(i) + "]", findings, config);
    }
  } else {
    config.settings.emplace_back(name, shown(value, findings.is_plain(value.place)));
  }
}

}  // namespace

ShownConfig show_config(std::string_view text, const std::string& file) {
  const auto root = config::read_document(text, file);
  if (!root) return {{}, {root.error().message()}};
  config::Findings findings{file};
  (void)config::read_sections(*root, findings);
  ShownConfig config;
  add(*root, {}, findings, config);
  config.errors = findings.lines();
  return config;
}

ShownConfig show_config(const std::string& file) {
  const auto text = config::read_file(file, config::max_file_bytes);
  return text ? show_config(*text, file) : ShownConfig{{}, {file + ": " + text.error().message()}};
}

}  // namespace waybill
