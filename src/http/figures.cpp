// What `waybill status` says.

#include <optional>

#include "admin/json.hpp"
#include "admin/search.hpp"
#include "admin/status.hpp"
#include "http/desk.hpp"
#include "http/problem.hpp"

namespace waybill::http {
namespace {

using admin::Json;

constexpr Duration patience = std::chrono::seconds{5};

Result<Response> status(Desk& desk, const Call& call) {
  const auto known = desk.status().look(patience);
  if (!known) return problem(503, "unreachable", "the stores have not answered yet; `waybill check` says why");
  auto json = admin::status_json(known->figures, call.language);
  for (auto& route : json["routes"]) {
    route["may_pause"] = call.who.may(Act::pause).covers(route["topic"].get_ref<const std::string&>());
  }
  json["age_seconds"] = known->age_seconds();
  return json_response(admin::to_text(json));
}

/// The first moment at which some of the rights end.
Json earliest_end(const std::vector<Grant>& grants) {
  std::optional<std::int64_t> earliest;
  for (const auto& grant : grants) {
    if (grant.expires_ms && (!earliest || *grant.expires_ms < *earliest)) earliest = grant.expires_ms;
  }
  return earliest ? Json(admin::format_when(*earliest)) : Json(nullptr);
}

Json topics_json(const Topics& topics) { return topics.all() ? Json(nullptr) : Json(topics.globs()); }

Json acts_json(const Principal& who) {
  Json acts = Json::array();
  for (const auto act : every_act) {
    if (who.may(act).any()) acts.push_back(to_string(act));
  }
  return acts;
}

/// Who asks, and what there is to ask for.
Result<Response> whoami(const Desk& desk, const Call& call) {
  Json stores = Json::array();
  for (const auto& store : desk.config().stores) stores.push_back(store.name);
  const auto role = call.who.role();
  return json_response(admin::to_text(Json{{"name", call.who.name},
                                           {"role", role ? Json(to_string(*role)) : Json(nullptr)},
                                           {"payloads", call.who.sees_payloads().any()},
                                           {"topics", topics_json(call.who.sees())},
                                           {"may", acts_json(call.who)},
                                           {"expires", earliest_end(call.who.grants)},
                                           {"by_proxy", call.who.by_proxy},
                                           {"version", role ? WAYBILL_VERSION : ""},
                                           {"stores", role ? stores : Json::array()}}));
}

}  // namespace

void add_figures(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back(
      {"GET", "/api/v1/status", Role::stats, true, {}, [desk](const Call& call) { return status(*desk, call); }});
  endpoints.push_back({"GET", "/api/v1/me", {}, false, {}, [desk](const Call& call) { return whoami(*desk, call); }});
}

}  // namespace waybill::http
