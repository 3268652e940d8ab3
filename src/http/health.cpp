// Whether the relay lives, whether it is ready, and how its routes fare: for monitors.

#include "admin/json.hpp"
#include "http/desk.hpp"
#include "http/problem.hpp"
#include "relay/report.hpp"

namespace waybill::http {
namespace {

using admin::Json;
using relay::RouteFigures;
using relay::SiteFigures;

struct Part {
  std::string name;
  bool ready = false;
  std::string detail;
};

Part store_part(const SiteFigures& site) {
  return {"store " + site.store, site.is_worked_on(), site.is_worked_on() ? "" : "no relay holds a lane of it"};
}

bool holds_a_lane(const SiteFigures& site) {
  for (const auto& lane : site.lanes) {
    if (lane.held) return true;
  }
  return false;
}

/// The brokers, as the stores' lanes of this process see them: who holds none has no connection.
void add_brokers(const Config& config, const SiteFigures& site, std::vector<Part>& parts) {
  if (!holds_a_lane(site)) return;
  for (std::size_t i = 0; i < site.brokers.size(); ++i) {
    const auto& broker = site.brokers[i];
    const bool ready = broker.up && !broker.blocked;
    parts.push_back(
        {"broker " + config.brokers[i].name + " for store " + site.store, ready, ready ? "" : broker.detail});
  }
}

/// What is wrong in detail is for those who may see figures.
Response answer(bool fine, Json document, const Call& call) {
  if (!call.who.role()) document = Json{{document.begin().key(), fine}};
  auto response = json_response(admin::to_text(document));
  response.status = fine ? 200 : 503;
  return response;
}

Result<Response> alive(const Desk& desk) {
  const auto fatal = desk.service().fatal();
  if (!fatal) return Response{200, "text/plain", "alive\n", {}};
  return Response{503, "text/plain", "can't go on\n", {}};
}

Result<Response> ready(const Desk& desk, const Call& call) {
  std::vector<Part> parts;
  for (const auto& site : desk.service().figures()) {
    parts.push_back(store_part(site));
    add_brokers(desk.config(), site, parts);
  }
  bool all = !parts.empty() && !desk.service().fatal();
  Json listed = Json::array();
  for (const auto& part : parts) {
    all = all && part.ready;
    listed.push_back({{"part", part.name}, {"ready", part.ready}, {"detail", part.detail}});
  }
  return answer(all, Json{{"ready", all}, {"parts", listed}}, call);
}

bool is_healthy(RouteFigures::State state) {
  return state != RouteFigures::State::down && state != RouteFigures::State::stalled;
}

Result<Response> routes(const Desk& desk, const Call& call) {
  const auto wanted = call.asked("route");
  const auto sites = desk.service().figures();
  bool all = true, any = false;
  Json listed = Json::array();
  for (std::size_t i = 0; i < desk.config().routes.size(); ++i) {
    const auto& route = desk.config().routes[i];
    if (!wanted.empty() && route.topic != wanted) continue;
    any = true;
    RouteFigures sum;
    for (const auto& site : sites) add(site.routes[i], sum);
    all = all && is_healthy(sum.state);
    listed.push_back({{"topic", route.topic},
                      {"broker", route.broker},
                      {"state", relay::to_string(sum.state)},
                      {"detail", sum.detail}});
  }
  if (!any) return problem(404, "not_found", "no [[route]] has the topic '" + wanted + "'");
  return answer(all, Json{{"healthy", all}, {"routes", listed}}, call);
}

}  // namespace

void add_health(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back({"GET", "/livez", {}, false, {}, [desk](const Call&) { return alive(*desk); }});
  endpoints.push_back({"GET", "/readyz", {}, false, {}, [desk](const Call& call) { return ready(*desk, call); }});
  endpoints.push_back(
      {"GET", "/healthz", {}, false, {"route"}, [desk](const Call& call) { return routes(*desk, call); }});
}

}  // namespace waybill::http
