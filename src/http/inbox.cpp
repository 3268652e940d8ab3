// What consumers have done, where two messages contradict each other, and how far syncs are.

#include "admin/consumed.hpp"
#include "admin/syncs.hpp"
#include "http/desk.hpp"
#include "http/parameters.hpp"
#include "http/problem.hpp"

namespace waybill::http {
namespace {

using admin::Json;

constexpr std::size_t usual_page = 100, largest_page = 500;
constexpr Duration patience = std::chrono::seconds{5};

Result<Response> consumers(Desk& desk, const Call& call) {
  const auto store = desk.store(call.asked("store"));
  if (!store) return store.error();
  const auto& config = (*store)->config();
  const auto known = desk.inboxes().ask(config.name, [&] { return admin::inbox_totals(config, ""); });
  if (!known->figures) return known->figures.error();
  const auto wanted = call.asked("consumer");
  Json listed = Json::array();
  for (const auto& one : *known->figures) {
    if (wanted.empty() || one.at("consumer") == wanted) listed.push_back(one);
  }
  return json_response(
      admin::to_text(Json{{"store", config.name}, {"consumers", listed}, {"age_seconds", known->age_seconds()}}));
}

// A conflict does not know its message's topic.
Result<Response> conflicts(const Desk& desk, const Call& call) {
  if (!call.who.sees().all())
    return problem(403, "forbidden", "conflicts are of every topic, and " + call.who.name + " may see only some");
  const auto limit = number_of(call, "limit", {usual_page, 1, largest_page});
  if (!limit) return limit.error();
  const auto after = number_of(call, "after", {0, 0, INT64_MAX});
  if (!after) return after.error();
  const auto store = desk.store(call.asked("store"));
  if (!store) return store.error();
  inbox::ConflictFilter filter;
  if (!call.asked("consumer").empty()) filter.consumer = call.asked("consumer");
  filter.after = *after;
  filter.limit = static_cast<std::size_t>(*limit);
  const auto found = admin::inbox_conflicts((*store)->config(), filter);
  if (!found) return found.error();
  Json listed = Json::array();
  for (const auto& one : *found) listed.push_back(admin::conflict_json(one));
  const bool more = found->size() >= *limit;
  return json_response(admin::to_text(Json{{"store", (*store)->config().name},
                                           {"conflicts", listed},
                                           {"next", more ? Json(found->back().seq) : Json(nullptr)}}));
}

Result<Response> syncs(Desk& desk) {
  if (desk.config().syncs.empty()) return json_response(admin::to_text(Json{{"syncs", Json::array()}}));
  const auto known = desk.syncs().look(patience);
  if (!known) return problem(503, "unreachable", "the databases of the syncs have not answered yet");
  Json listed = Json::array();
  for (const auto& one : known->figures) listed.push_back(admin::sync_json(one));
  return json_response(admin::to_text(Json{{"syncs", listed}}));
}

}  // namespace

void add_inbox(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back({"GET", "/api/v1/inbox", Role::viewer, true, {"store", "consumer"}, [desk](const Call& call) {
                         return consumers(*desk, call);
                       }});
  endpoints.push_back({"GET",
                       "/api/v1/inbox/conflicts",
                       Role::viewer,
                       true,
                       {"store", "consumer", "limit", "after"},
                       [desk](const Call& call) { return conflicts(*desk, call); }});
  endpoints.push_back({"GET", "/api/v1/syncs", Role::stats, true, {}, [desk](const Call&) { return syncs(*desk); }});
}

}  // namespace waybill::http
