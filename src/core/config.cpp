#include "core/config.hpp"

#include <algorithm>

#include "core/config/document.hpp"
#include "core/config/file_text.hpp"
#include "core/config/sections.hpp"
#include "core/glob.hpp"

namespace waybill {
namespace {

Error report(ConfigErrors found, ConfigErrors* errors) {
  Error error{found.code, found.joined()};
  if (errors != nullptr) *errors = std::move(found);
  return error;
}

template <class Named>
const Named* by_name(const std::vector<Named>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(OnNack value) noexcept {
  return value == OnNack::resend ? "resend" : value == OnNack::drop ? "drop" : "fail";
}
std::string_view to_string(OnUnroutable value) noexcept {
  return value == OnUnroutable::resend ? "resend" : value == OnUnroutable::drop ? "drop" : "fail";
}
std::string_view to_string(Order value) noexcept { return value == Order::none ? "none" : "key"; }
std::string_view to_string(OnFailedKey value) noexcept {
  return value == OnFailedKey::park ? "park" : value == OnFailedKey::skip ? "skip" : "stop";
}
std::string_view to_string(LogFormat value) noexcept { return value == LogFormat::text ? "text" : "json"; }
std::string_view to_string(Format value) noexcept {
  switch (value) {
    case Format::plain:
      return "plain";
    case Format::cloudevents:
      return "cloudevents";
    case Format::debezium:
      return "debezium";
  }
  return "unknown";
}

const StoreConfig* Config::store(std::string_view name) const { return by_name(stores, name); }

const BrokerConfig* Config::broker(std::string_view name) const { return by_name(brokers, name); }

const RouteConfig* Config::route(std::string_view topic) const {
  const auto found =
      std::find_if(routes.begin(), routes.end(), [&](const auto& route) { return glob_matches(route.topic, topic); });
  return found == routes.end() ? nullptr : &*found;
}

const DecoderConfig* Config::decoder(std::string_view topic) const {
  const auto reads = [&](const DecoderConfig& decoder) {
    return std::ranges::any_of(decoder.topics, [&](const auto& glob) { return glob_matches(glob, topic); });
  };
  const auto found = std::ranges::find_if(decoders, reads);
  return found == decoders.end() ? nullptr : &*found;
}

Status Config::ready_to_relay() const {
  if (brokers.empty()) {
    return Error{ErrorCode::invalid_configuration, file + ": a relay needs a broker: add [broker.NAME] with its url"};
  }
  if (routes.empty()) {
    return Error{ErrorCode::invalid_configuration,
                 file + ": a relay needs a route: add [[route]] with topic, broker and exchange"};
  }
  return {};
}

std::string ConfigErrors::joined() const {
  std::string text;
  for (const auto& line : lines) text.append(text.empty() ? "" : "\n").append(line);
  return text;
}

Result<Config> parse_config(std::string_view text, const std::string& file, ConfigErrors* errors) {
  const auto root = config::read_document(text, file);
  if (!root) return report({{root.error().message()}, root.error().code()}, errors);
  config::Findings findings{file};
  auto read = config::read_sections(*root, findings);
  if (!findings.empty()) return report({findings.lines(), findings.code()}, errors);
  read.file = file;
  return read;
}

Result<Config> load_config(const std::string& file) {
  const auto text = config::read_file(file, config::max_file_bytes);
  if (text) return parse_config(*text, file);
  return Error{ErrorCode::invalid_configuration, file + ": " + text.error().message() +
                                                     "; name the file with --config, or write one with `waybill init`"};
}

}  // namespace waybill
