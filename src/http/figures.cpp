// What `waybill status` says.

#include "admin/json.hpp"
#include "admin/status.hpp"
#include "http/desk.hpp"
#include "http/problem.hpp"

namespace waybill::http {
namespace {

using admin::Json;

constexpr Duration patience = std::chrono::seconds{5};

Result<Response> status(Desk& desk) {
  const auto known = desk.status().look(patience);
  if (!known) return problem(503, "unreachable", "the stores have not answered yet; `waybill check` says why");
  auto json = admin::status_json(known->figures);
  json["age_seconds"] = known->age_seconds();
  return json_response(admin::to_text(json));
}

/// Who asks, and what there is to ask for.
Result<Response> whoami(const Desk& desk, const Call& call) {
  Json stores = Json::array();
  for (const auto& store : desk.config().stores) stores.push_back(store.name);
  return json_response(admin::to_text(Json{{"name", call.who.name},
                                           {"role", call.who.role ? Json(to_string(*call.who.role)) : Json(nullptr)},
                                           {"payloads", call.who.sees_payloads},
                                           {"version", call.who.role ? WAYBILL_VERSION : ""},
                                           {"stores", call.who.role ? stores : Json::array()}}));
}

}  // namespace

void add_figures(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back({"GET", "/api/v1/status", Role::stats, true, {}, [desk](const Call&) { return status(*desk); }});
  endpoints.push_back({"GET", "/api/v1/me", {}, false, {}, [desk](const Call& call) { return whoami(*desk, call); }});
}

}  // namespace waybill::http
