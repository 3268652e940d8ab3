// Which route a topic takes, and routes that people hold back.

#include "admin/pause.hpp"
#include "admin/routing.hpp"
#include "admin/sending.hpp"
#include "http/body.hpp"
#include "http/desk.hpp"
#include "http/problem.hpp"

namespace waybill::http {
namespace {

using admin::Json;

Result<Response> routing(const Desk& desk, const Call& call) {
  const auto topic = call.asked("topic");
  if (topic.empty()) return problem(400, "invalid_argument", "say which topic: ?topic=orders.created");
  const auto found = admin::routing_json(desk.config(), topic, call.asked("key"));
  if (!found) return problem(404, "not_found", admin::no_route(desk.config(), topic).message());
  return json_response(admin::to_text(*found));
}

/// What a person wants of a route, and in which store.
struct Wanted {
  admin::RouteAct act;
  std::string store;
};

Result<Wanted> wanted_by(const Call& call, bool reason_required) {
  auto body = Body::of(call.request);
  if (!body) return body.error();
  Wanted wanted;
  for (const auto& read : {body->read("route", wanted.act.route), body->read("store", wanted.store),
                           body->read_reason(wanted.act.why, reason_required), body->finish()}) {
    if (!read) return read.error();
  }
  if (wanted.act.route.empty()) return wrong("route", "is missing: its topic, as the configuration writes it");
  wanted.act.who = call.who.name;
  wanted.act.from = "REST API, " + call.request.peer;
  return wanted;
}

/// What holds back routes of the store now.
Result<Response> pauses_of(store::Store& store) {
  const auto pauses = store.pauses();
  if (!pauses) return pauses.error();
  return json_response(admin::to_text(Json{{"store", store.config().name}, {"paused", admin::pauses_json(*pauses)}}));
}

bool may_pause(const Principal& who, const std::string& route) { return who.may(Act::pause).covers(route); }

Response may_not_pause(const Principal& who, const std::string& route) {
  return may_not(who, Act::pause, "or resume the route '" + route + "'");
}

Result<Response> pause(const Desk& desk, const Call& call) {
  const auto wanted = wanted_by(call, true);
  if (!wanted) return wanted.error();
  if (!may_pause(call.who, wanted->act.route)) return may_not_pause(call.who, wanted->act.route);
  const auto store = desk.store(wanted->store);
  if (!store) return store.error();
  if (auto done = admin::pause_route(**store, desk.config(), wanted->act); !done) return done.error();
  return pauses_of(**store);
}

Result<Response> resume(const Desk& desk, const Call& call) {
  const auto wanted = wanted_by(call, false);
  if (!wanted) return wanted.error();
  if (!may_pause(call.who, wanted->act.route)) return may_not_pause(call.who, wanted->act.route);
  const auto store = desk.store(wanted->store);
  if (!store) return store.error();
  if (auto done = admin::resume_route(**store, wanted->act); !done) return done.error();
  return pauses_of(**store);
}

}  // namespace

void add_routes(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back({"GET", "/api/v1/route", Role::stats, false, {"topic", "key"}, [desk](const Call& call) {
                         return routing(*desk, call);
                       }});
  endpoints.push_back({"POST", "/api/v1/routes/pause", Role::operate, true, {}, [desk](const Call& call) {
                         return pause(*desk, call);
                       }});
  endpoints.push_back({"POST", "/api/v1/routes/resume", Role::operate, true, {}, [desk](const Call& call) {
                         return resume(*desk, call);
                       }});
}

}  // namespace waybill::http
