// Answers of brokers, as they go by.

#include "admin/json.hpp"
#include "admin/routing.hpp"
#include "http/desk.hpp"

namespace waybill::http {
namespace {

using admin::Json;

Json sample_json(const std::string& store, std::uint32_t lane, const std::string& route, const relay::Sample& sample) {
  return {{"store", store},
          {"lane", lane},
          {"number", sample.number},
          {"route", route},
          {"id", sample.id},
          {"topic", sample.topic},
          {"outcome", relay::outcome_of(sample)},
          {"answer", sample.answer},
          {"attempt", sample.attempt},
          {"seconds", sample.seconds}};
}

Result<Response> tap(const Desk& desk, const Call& call) {
  const auto wanted = call.asked("route");
  const auto& config = desk.config();
  if (!wanted.empty()) {
    if (auto known = admin::require_route(config, wanted); !known) return known.error();
  }
  const auto topics = call.who.sees();
  Json listed = Json::array();
  for (const auto& site : desk.service().figures()) {
    for (const auto& lane : site.lanes) {
      for (const auto& sample : lane.samples) {
        const auto& route = config.routes.at(sample.route).topic;
        if ((wanted.empty() || route == wanted) && topics.has(sample.topic))
          listed.push_back(sample_json(site.store, lane.number, route, sample));
      }
    }
  }
  return json_response(admin::to_text(Json{{"samples", listed}}));
}

}  // namespace

void add_tap(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back(
      {"GET", "/api/v1/tap", Role::viewer, false, {"route"}, [desk](const Call& call) { return tap(*desk, call); }});
}

}  // namespace waybill::http
