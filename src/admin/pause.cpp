#include "admin/pause.hpp"

#include <algorithm>

#include "admin/deed.hpp"
#include "admin/search.hpp"
#include "core/text.hpp"

namespace waybill::admin {
namespace {

Error no_such_route(const Config& config, const std::string& route) {
  std::vector<std::string_view> topics;
  for (const auto& one : config.routes) topics.emplace_back(one.topic);
  const auto close = nearest(route, topics);
  return {ErrorCode::not_found, "no route of the configuration has the topic '" + route + "'" +
                                    (close ? ": did you mean '" + *close + "'?" : "")};
}

Status record(store::Store& store, const std::string& name, const RouteAct& act) {
  Deed deed{name, {}, act.who, act.why, act.from};
  deed.about.topic = act.route;
  auto begun = begin_deed(store, deed, "");
  auto ended = begun ? end_deed(store, *begun, {}, "") : begun;
  if (ended) return {};
  return Error(ended.error().code(),
               name + " of route '" + act.route + "' is done, but not recorded: " + ended.error().message());
}

}  // namespace

Status pause_route(store::Store& store, const Config& config, const RouteAct& act) {
  if (act.why.empty()) {
    return Error(ErrorCode::invalid_argument, "'why' is missing: say the reason, others will read it");
  }
  const auto known = std::ranges::find(config.routes, act.route, &RouteConfig::topic);
  if (known == config.routes.end()) return no_such_route(config, act.route);
  const auto paused = store.pause({act.route, act.who, act.why, wall_clock_ms()});
  if (!paused) return paused.error();
  if (!*paused) return Error(ErrorCode::refused, "route '" + act.route + "' is paused already");
  return record(store, "pause", act);
}

Status resume_route(store::Store& store, const RouteAct& act) {
  const auto resumed = store.resume(act.route);
  if (!resumed) return resumed.error();
  if (!*resumed) return Error(ErrorCode::not_found, "route '" + act.route + "' is not paused");
  return record(store, "resume", act);
}

Json pause_json(const store::Pause& pause) {
  return {{"route", pause.route}, {"who", pause.who}, {"why", pause.why}, {"since", format_when(pause.since_ms)}};
}

std::string words_of(const store::Pause& pause) { return "paused by " + pause.who + ": " + pause.why; }

}  // namespace waybill::admin
