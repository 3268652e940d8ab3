#include "admin/pause.hpp"

#include "admin/deed.hpp"
#include "admin/routing.hpp"
#include "admin/search.hpp"

namespace waybill::admin {
namespace {

Status record(store::Store& store, const std::string& name, const RouteAct& act) {
  Deed deed{name, {}, act.who, act.why, act.from};
  deed.about.topic = act.route;
  const auto recorded = record_deed(store, deed);
  if (recorded) return {};
  return Error(recorded.error().code(),
               name + " of route '" + act.route + "' is done, but not recorded: " + recorded.error().message());
}

}  // namespace

Status pause_route(store::Store& store, const Config& config, const RouteAct& act) {
  if (act.why.empty()) {
    return Error(ErrorCode::invalid_argument, "'why' is missing: say the reason, others will read it");
  }
  if (auto known = require_route(config, act.route); !known) return known;
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

Json pauses_json(const std::vector<store::Pause>& pauses) {
  Json listed = Json::array();
  for (const auto& one : pauses) {
    listed.push_back({{"route", one.route}, {"who", one.who}, {"why", one.why}, {"since", format_when(one.since_ms)}});
  }
  return listed;
}

}  // namespace waybill::admin
