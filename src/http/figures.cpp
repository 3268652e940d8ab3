// What `waybill status` and `waybill route` say.

#include "admin/json.hpp"
#include "admin/routing.hpp"
#include "admin/sending.hpp"
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

Result<Response> routing(const Desk& desk, const Call& call) {
  const auto topic = call.asked("topic");
  if (topic.empty()) return problem(400, "invalid_argument", "say which topic: ?topic=orders.created");
  const auto found = admin::routing_json(desk.config(), topic, call.asked("key"));
  if (!found) return problem(404, "not_found", admin::no_route(desk.config(), topic).message());
  return json_response(admin::to_text(*found));
}

}  // namespace

void add_figures(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back({"GET", "/api/v1/status", Role::stats, true, {}, [desk](const Call&) { return status(*desk); }});
  endpoints.push_back({"GET", "/api/v1/route", Role::stats, false, {"topic", "key"}, [desk](const Call& call) {
                         return routing(*desk, call);
                       }});
}

}  // namespace waybill::http
