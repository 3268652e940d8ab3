#include "admin/sending.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "core/validate.hpp"

namespace waybill::admin {

Error no_route(const Config& config, std::string_view topic) {
  std::vector<std::string_view> globs;
  for (const auto& route : config.routes) globs.push_back(route.topic);
  std::string text = "no route matches topic '" + std::string(topic) + "' in " + config.file;
  auto close = nearest(topic, globs);
  // `order.created` is far from `orders.*` by edit distance as a whole, and near by its first word.
  const auto first_word = [](std::string_view t) { return t.substr(0, t.find('.')); };
  if (!close) {
    std::vector<std::string_view> words;
    for (const auto glob : globs) words.push_back(first_word(glob));
    if (const auto word = nearest(first_word(topic), words)) {
      close = std::string(globs[static_cast<std::size_t>(std::ranges::find(words, *word) - words.begin())]);
    }
  }
  if (close) text += " (nearest route: '" + *close + "')";
  text += globs.empty() ? ": the file has no [[route]]" : ": add a [[route]], or pass --no-route-check";
  return {ErrorCode::invalid_argument, text};
}

Status check_message(const Message& message, const SendingRules& rules) {
  if (auto valid = validate(message); !valid) return valid;
  if (message.payload.size() > rules.store->max_payload) {
    return Error(ErrorCode::invalid_argument, "payload has " + std::to_string(message.payload.size()) +
                                                  " bytes; store '" + rules.store->name +
                                                  "' allows max_payload = " + std::to_string(rules.store->max_payload));
  }
  if (rules.route_required && rules.config->route(message.topic.str()) == nullptr) {
    return no_route(*rules.config, message.topic.str());
  }
  return {};
}

Status add_header(std::string_view text, Headers& headers) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Error(ErrorCode::invalid_argument, "--header '" + std::string(text) + "' has not the form NAME=VALUE");
  }
  const std::string name(text.substr(0, equals));
  if (!headers.emplace(name, text.substr(equals + 1)).second) {
    return Error(ErrorCode::invalid_argument, "--header '" + name + "' is given twice");
  }
  return {};
}

}  // namespace waybill::admin
