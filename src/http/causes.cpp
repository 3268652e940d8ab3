// What people say of the causes for which messages fail.

#include "admin/causes.hpp"

#include "http/body.hpp"
#include "http/desk.hpp"

namespace waybill::http {
namespace {

using admin::CauseAct;
using admin::Json;

Result<CauseAct> act_of(const std::string& word) {
  for (const auto act : admin::every_cause_act) {
    if (to_string(act) == word) return act;
  }
  return wrong("act", "is none of take, resolve, reopen");
}

Result<Response> say(const Desk& desk, const Call& call) {
  auto body = Body::of(call.request);
  if (!body) return body.error();
  admin::CauseOrder order;
  std::string act, name;
  for (const auto& read : {body->read("act", act), body->read("id", order.id), body->read("store", name),
                           body->read_reason(order.why, false), body->finish()}) {
    if (!read) return read.error();
  }
  const auto known = act_of(act);
  if (!known) return known.error();
  order.act = *known;
  if (order.id.empty()) return wrong("id", "is missing: of a message that failed of the cause");
  order.within = call.who.operates().globs();
  order.who = call.who.name;
  order.from = "REST API, " + call.request.peer;
  const auto store = desk.store(name);
  if (!store) return store.error();
  if (auto said = admin::say_of_cause(**store, order); !said) return said.error();
  return json_response(admin::to_text(Json{{"store", (*store)->config().name}, {"id", order.id}, {"act", act}}));
}

}  // namespace

void add_causes(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back(
      {"POST", "/api/v1/causes", Role::operate, true, {}, [desk](const Call& call) { return say(*desk, call); }});
}

}  // namespace waybill::http
