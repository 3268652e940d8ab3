// Bulk acts on messages: started, followed and stopped. The only endpoints that change anything.

#include <algorithm>

#include "admin/consumed.hpp"
#include "admin/operation.hpp"
#include "admin/phrasebook.hpp"
#include "admin/search.hpp"
#include "core/text.hpp"
#include "http/body.hpp"
#include "http/desk.hpp"
#include "http/idempotency_key.hpp"
#include "http/parameters.hpp"
#include "http/problem.hpp"

namespace waybill::http {
namespace {

using admin::BulkAct;
using admin::Json;

constexpr std::size_t usual_page = 20, largest_page = 200, usual_results = 100, largest_results = 1000;

Act act_for(BulkAct act) { return act == BulkAct::resend ? Act::resend : Act::drop; }

/// The right that an operation takes.
Act act_for(const admin::OperationOrder& order) {
  if (order.deed == "edit") return Act::edit;
  return order.deed.empty() ? act_for(order.act) : Act::pause;
}

/// Whether the operation is about these topics only.
bool covers(const Topics& topics, const admin::OperationOrder& order) {
  const auto is_within = [&](const store::FailedFilter& filter) {
    if (!filter.topic.empty() && topics.covers(filter.topic)) return true;
    return !filter.within.empty() &&
           std::ranges::all_of(filter.within, [&](const auto& glob) { return topics.covers(glob); });
  };
  return topics.all() || std::ranges::all_of(order.filters, is_within);
}

/// What the body of a request asks for.
struct Wanted {
  admin::OperationOrder order;
  std::string store;
  bool all = false, dry_run = false;
};

Result<BulkAct> act_of(const std::string& word) {
  for (const auto act : {BulkAct::resend, BulkAct::drop, BulkAct::restore}) {
    if (to_string(act) == word) return act;
  }
  return wrong("act", "is none of resend, drop, restore");
}

/// One filter for each id, or a single one without.
Result<std::vector<store::FailedFilter>> filters_of(Body& body) {
  store::FailedFilter filter;
  const auto now = admin::wall_clock_ms();
  std::string line;
  if (auto read = body.read("q", line); !read) return read.error();
  if (auto parsed = admin::parse_search(line, now, filter); !parsed) return parsed.error();
  for (const auto* name : {"topic", "key", "reason", "cause", "since", "until"}) {
    std::string value;
    if (auto read = body.read(name, value); !read) return read.error();
    if (value.empty()) continue;
    if (auto added = admin::add_condition(name, value, now, filter); !added) return added.error();
  }
  std::vector<std::string> ids;
  if (auto read = body.read("ids", ids); !read) return read.error();
  if (ids.empty()) return std::vector{filter};
  std::vector<store::FailedFilter> filters(ids.size(), filter);
  for (std::size_t i = 0; i < ids.size(); ++i) filters[i].id = ids[i];
  return filters;
}

Result<Wanted> wanted_by(const Call& call) {
  auto read_body = Body::of(call.request);
  if (!read_body) return read_body.error();
  Body& body = *read_body;
  Wanted wanted;
  auto& order = wanted.order;
  std::string act;
  if (auto read = body.read("act", act); !read) return read.error();
  const auto known = act_of(act);
  if (!known) return known.error();
  order.act = *known;
  order.rate = order.act == BulkAct::resend ? admin::gentle_rate : 0;
  auto filters = filters_of(body);
  if (!filters) return filters.error();
  order.filters = std::move(*filters);
  for (auto& filter : order.filters) filter.within = call.who.may(act_for(order)).globs();
  for (const auto& read :
       {body.read("store", wanted.store), body.read("all", wanted.all), body.read("dry_run", wanted.dry_run),
        body.read_reason(order.why, false), body.read("rate", order.rate), body.read("steps", order.steps),
        body.read("stop_at", order.stop_at), body.read("skip_consumed", order.skip_consumed),
        body.read("consumer", order.consumer), body.finish()}) {
    if (!read) return read.error();
  }
  if (order.why.empty() && !wanted.dry_run)
    return wrong("why", "is missing: say the reason, it is kept with each message");
  if (auto fine = admin::check_order(order, wanted.all); !fine) return fine.error();
  order.who = call.who.name;
  order.from = "REST API, " + call.request.peer;
  return wanted;
}

Result<admin::BulkPlan> plan_of(const Desk& desk, store::Store& store, const admin::OperationOrder& order) {
  const auto is_consumed = admin::consumed_of(store, order);
  if (!is_consumed) return is_consumed.error();
  return admin::plan_bulk(store, desk.config(), order.filters, order.act, *is_consumed, {});
}

Response begun(const admin::Operation& operation, const Call& call) {
  auto answer = json_response(admin::to_text(admin::operation_json(operation, call.language)));
  answer.status = 202;
  answer.headers.emplace_back("Location", "/api/v1/operations/" + operation.id);
  return answer;
}

/// The answer to a request that was asked before under this key; nothing when none was.
Result<std::optional<Response>> begun_before(store::Store& store, const std::string& key,
                                             const admin::OperationOrder& order, const Call& call) {
  if (key.empty()) return std::optional<Response>{};
  const auto before = admin::read_operation(store, key);
  if (!before && before.error().code() == ErrorCode::not_found) return std::optional<Response>{};
  if (!before) return before.error();
  if (before->order.request != order.request || before->order.who != order.who)
    return std::optional{
        problem(422, "reused_key", "this Idempotency-Key was used for another request; make a new one")};
  return std::optional{begun(*before, call)};
}

Result<Response> nothing_matched(const Desk& desk, store::Store& store, const Wanted& wanted,
                                 const admin::BulkPlan& plan, const Call& call) {
  if (plan.consumed > 0) return problem(409, "nothing_matched", "consumers have done all that matched");
  if (!call.who.may(act_for(wanted.order)).all())
    return problem(409, "nothing_matched", "nothing matches among the topics that " + call.who.name + " may touch");
  const auto why = admin::why_nothing_matched(store, desk.config(), wanted.order);
  if (!why) return why.error();
  return problem(409, "nothing_matched", *why);
}

Result<Response> begin(Desk& desk, const Call& call) {
  auto wanted = wanted_by(call);
  if (!wanted) return wanted.error();
  auto& order = wanted->order;
  if (!call.who.may(act_for(order)).any()) return may_not(call.who, act_for(order), "messages");
  const auto key = idempotency_key(call.request);
  if (!key) return key.error();
  if (!key->empty()) order.request = sha256_hex(call.request.body);
  const auto store = desk.store(wanted->store);
  if (!store) return store.error();
  if (!wanted->dry_run) {
    auto before = begun_before(**store, *key, order, call);
    if (!before) return before.error();
    if (*before) return **before;
  }
  const auto plan = plan_of(desk, **store, order);
  if (!plan) return plan.error();
  if (wanted->dry_run) {
    return json_response(admin::to_text(
        Json{{"store", (*store)->config().name}, {"plan", admin::plan_json(*plan, order, call.language)}}));
  }
  if (plan->count == 0) return nothing_matched(desk, **store, *wanted, *plan, call);
  order.through = plan->last;
  const auto operation = admin::add_operation(**store, order, plan->count, *key);
  if (!operation) {
    // The same request may have come over another connection meanwhile.
    auto meanwhile = begun_before(**store, *key, order, call);
    if (meanwhile && *meanwhile) return **meanwhile;
    return operation.error();
  }
  desk.wake_operations();
  return begun(*operation, call);
}

Result<Response> list(const Desk& desk, const Call& call) {
  const auto limit = number_of(call, "limit", {usual_page, 1, largest_page});
  if (!limit) return limit.error();
  const auto store = desk.store(call.asked("store"));
  if (!store) return store.error();
  store::OperationFilter filter;
  filter.limit = static_cast<std::size_t>(*limit);
  filter.before = call.asked("before");
  const auto found = admin::list_operations(**store, filter);
  if (!found) return found.error();
  Json listed = Json::array();
  for (const auto& one : *found) {
    if (covers(call.who.sees(), one.order)) listed.push_back(admin::operation_json(one, call.language));
  }
  const bool more = found->size() >= *limit;
  return json_response(admin::to_text(Json{{"store", (*store)->config().name},
                                           {"operations", listed},
                                           {"next", more ? Json(found->back().id) : Json(nullptr)}}));
}

/// The operation that the path names, if who asks may see it.
Result<admin::Operation> find(store::Store& store, const Call& call) {
  const auto& id = call.path.at("id");
  auto found = admin::read_operation(store, id);
  if (found && !covers(call.who.sees(), found->order)) {
    return Error(ErrorCode::not_found,
                 "there is no operation '" + id + "' about the topics that " + call.who.name + " may see");
  }
  return found;
}

Result<Response> show(const Desk& desk, const Call& call) {
  const auto store = desk.store(call.asked("store"));
  if (!store) return store.error();
  const auto operation = find(**store, call);
  if (!operation) return operation.error();
  return json_response(admin::to_text(admin::operation_json(*operation, call.language)));
}

Result<Response> results(const Desk& desk, const Call& call) {
  const auto limit = number_of(call, "limit", {usual_results, 1, largest_results});
  if (!limit) return limit.error();
  const auto after = number_of(call, "after", {0, 0, INT64_MAX / 4});
  if (!after) return after.error();
  const auto store = desk.store(call.asked("store"));
  if (!store) return store.error();
  const auto operation = find(**store, call);
  if (!operation) return operation.error();
  const auto page = (*store)->operation_results(operation->id, *after, static_cast<std::size_t>(*limit));
  if (!page) return page.error();
  Json listed = Json::array();
  for (const auto& one : *page) {
    listed.push_back(
        {{"number", one.number}, {"id", one.message_id}, {"result", admin::told_in(call.language, one.result)}});
  }
  const bool more = page->size() >= *limit;
  return json_response(
      admin::to_text(Json{{"results", listed}, {"next", more ? Json(page->back().number) : Json(nullptr)}}));
}

Result<Response> stop(const Desk& desk, const Call& call) {
  const auto store = desk.store(call.asked("store"));
  if (!store) return store.error();
  const auto running = find(**store, call);
  if (!running) return running.error();
  const auto act = act_for(running->order);
  if (!covers(call.who.may(act), running->order)) return may_not(call.who, act, "all of its messages, so not stop it");
  const auto operation = admin::stop_operation(**store, running->id, call.who.name);
  if (!operation) return operation.error();
  return json_response(admin::to_text(admin::operation_json(*operation, call.language)));
}

}  // namespace

void add_operations(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back(
      {"POST", "/api/v1/operations", Role::operate, true, {}, [desk](const Call& call) { return begin(*desk, call); }});
  endpoints.push_back(
      {"GET", "/api/v1/operations", Role::viewer, true, {"store", "limit", "before"}, [desk](const Call& call) {
         return list(*desk, call);
       }});
  endpoints.push_back({"GET", "/api/v1/operations/{id}", Role::viewer, true, {"store"}, [desk](const Call& call) {
                         return show(*desk, call);
                       }});
  endpoints.push_back({"GET",
                       "/api/v1/operations/{id}/results",
                       Role::viewer,
                       true,
                       {"store", "limit", "after"},
                       [desk](const Call& call) { return results(*desk, call); }});
  endpoints.push_back(
      {"POST", "/api/v1/operations/{id}/stop", Role::operate, true, {"store"}, [desk](const Call& call) {
         return stop(*desk, call);
       }});
}

}  // namespace waybill::http
