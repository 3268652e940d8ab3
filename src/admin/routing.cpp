#include "admin/routing.hpp"

#include <algorithm>
#include <vector>

#include "admin/premise.hpp"
#include "core/glob.hpp"
#include "core/text.hpp"

namespace waybill::admin {
namespace {

/// Routes further down that match too, and lose.
std::vector<std::string> shadowed(const Config& config, const RouteConfig& winner, const std::string& topic) {
  std::vector<std::string> others;
  for (const auto& route : config.routes) {
    if (&route != &winner && glob_matches(route.topic, topic)) others.push_back(route.topic);
  }
  return others;
}

}  // namespace

std::optional<Json> routing_json(const Config& config, const std::string& topic, const std::string& key) {
  const auto* route = config.route(topic);
  if (route == nullptr) return std::nullopt;
  return Json{{"topic", topic},
              {"route", route->topic},
              {"broker", route->broker},
              {"exchange", render_template(route->exchange, topic, key)},
              {"routing_key", render_template(route->routing_key, topic, key)},
              {"also_match", shadowed(config, *route, topic)},
              {"premise", in_one_line(premises_of(config, *route))}};
}

Status require_route(const Config& config, const std::string& route) {
  std::vector<std::string_view> topics;
  for (const auto& one : config.routes) topics.emplace_back(one.topic);
  if (std::ranges::find(topics, route) != topics.end()) return {};
  const auto close = nearest(route, topics);
  return Error(ErrorCode::not_found, "no route of the configuration has the topic '" + route + "'" +
                                         (close ? ": did you mean '" + *close + "'?" : ""));
}

}  // namespace waybill::admin
