#include "admin/operation.hpp"

#include <algorithm>
#include <array>

#include "admin/explain.hpp"
#include "admin/phrasebook.hpp"
#include "admin/search.hpp"
#include "core/uuid.hpp"

namespace waybill::admin {
namespace {

constexpr std::array states{OperationState::waiting, OperationState::running, OperationState::stopping,
                            OperationState::stopped, OperationState::done};
constexpr std::array acts{BulkAct::resend, BulkAct::drop, BulkAct::restore};

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json filter_json(const store::FailedFilter& filter) {
  Json json = Json::object();
  if (!filter.topic.empty()) json["topic"] = filter.topic;
  if (filter.key) json["key"] = *filter.key;
  if (!filter.reason.empty()) json["reason"] = filter.reason;
  if (!filter.cause.empty()) json["cause"] = filter.cause;
  if (filter.id) json["id"] = *filter.id;
  if (filter.since_ms) json["since"] = format_when(*filter.since_ms);
  if (filter.until_ms) json["until"] = format_when(*filter.until_ms);
  if (!filter.within.empty()) json["within"] = filter.within;
  return json;
}

store::FailedFilter filter_of(const Json& json) {
  store::FailedFilter filter;
  filter.topic = json.value("topic", "");
  if (json.contains("key")) filter.key = json["key"].get<std::string>();
  filter.reason = json.value("reason", "");
  filter.cause = json.value("cause", "");
  if (json.contains("id")) filter.id = json["id"].get<std::string>();
  if (json.contains("since_ms")) filter.since_ms = json["since_ms"].get<std::int64_t>();
  if (json.contains("until_ms")) filter.until_ms = json["until_ms"].get<std::int64_t>();
  filter.within = json.value("within", std::vector<std::string>{});
  return filter;
}

/// As it is stored: times as numbers.
Json stored_filter(const store::FailedFilter& filter) {
  auto json = filter_json(filter);
  json.erase("since");
  json.erase("until");
  if (filter.since_ms) json["since_ms"] = *filter.since_ms;
  if (filter.until_ms) json["until_ms"] = *filter.until_ms;
  return json;
}

Json order_json(const OperationOrder& order) {
  Json filters = Json::array();
  for (const auto& filter : order.filters) filters.push_back(stored_filter(filter));
  Json json{{"act", act_of(order)},       {"subject", order.subject},
            {"filters", filters},         {"through", order.through.value},
            {"rate", order.rate},         {"steps", order.steps},
            {"stop_at", order.stop_at},   {"skip_consumed", order.skip_consumed},
            {"consumer", order.consumer}, {"who", order.who},
            {"why", order.why},           {"from", order.from}};
  if (!order.request.empty()) json["request"] = order.request;
  return json;
}

/// The counts, by the names that people and programs see.
Json counts_json(const OperationProgress& progress) {
  return {{"expected", progress.expected},         {"looked_at", progress.looked_at},
          {"changed", progress.changed},           {"consumed", progress.consumed},
          {"cannot_go", progress.hopeless},        {"left_alone", progress.left_alone},
          {"failed_again", progress.failed_again}, {"steps_over", progress.step}};
}

Json progress_json(const OperationProgress& progress) {
  auto json = counts_json(progress);
  json["state"] = to_string(progress.state);
  json["runner"] = progress.runner;
  json["note"] = progress.note;
  json["stopped_by"] = progress.stopped_by;
  json["filter"] = progress.filter;
  json["after"] = progress.after.value;
  json["open"] = progress.open;
  return json;
}

template <class Value, std::size_t N>
Value by_word(const std::array<Value, N>& values, const std::string& word) {
  const auto found = std::ranges::find_if(values, [&](Value value) { return to_string(value) == word; });
  return found == values.end() ? values.front() : *found;
}

OperationOrder order_of(const Json& json) {
  OperationOrder order;
  const auto act = json.at("act").get<std::string>();
  order.act = by_word(acts, act);
  if (to_string(order.act) != act) order.deed = act;
  order.subject = json.value("subject", "");
  for (const auto& filter : json.at("filters")) order.filters.push_back(filter_of(filter));
  order.through = store::Ticket{json.value("through", std::uint64_t{0})};
  order.rate = json.value("rate", 0.0);
  order.steps = json.value("steps", std::vector<std::uint64_t>{});
  order.stop_at = json.value("stop_at", order.stop_at);
  order.skip_consumed = json.value("skip_consumed", false);
  order.consumer = json.value("consumer", "*");
  order.who = json.value("who", "");
  order.why = json.value("why", "");
  order.from = json.value("from", "");
  order.request = json.value("request", "");
  return order;
}

OperationProgress progress_of(const Json& json) {
  OperationProgress progress;
  const auto count = [&](const char* name) { return json.value(name, std::uint64_t{0}); };
  progress.state = by_word(states, json.at("state").get<std::string>());
  progress.runner = json.value("runner", "");
  progress.expected = count("expected");
  progress.looked_at = count("looked_at");
  progress.changed = count("changed");
  progress.consumed = count("consumed");
  progress.hopeless = count("cannot_go");
  progress.left_alone = count("left_alone");
  progress.failed_again = count("failed_again");
  progress.step = count("steps_over");
  progress.note = json.value("note", "");
  progress.stopped_by = json.value("stopped_by", "");
  progress.filter = json.value("filter", std::size_t{0});
  progress.after = store::Ticket{count("after")};
  progress.open = json.value("open", std::vector<std::string>{});
  return progress;
}

/// How many of each, by what they are called.
Json told(const std::map<std::string, std::uint64_t>& counts, Language language) {
  Json json = Json::object();
  for (const auto& [what, count] : counts) json[told_in(language, what)] = count;
  return json;
}

/// Whether a filter of this kind selects only some messages.
bool narrows(const store::FailedFilter& filter) {
  return !filter.topic.empty() || filter.key || !filter.reason.empty() || !filter.cause.empty() || filter.id ||
         filter.since_ms || filter.until_ms;
}

}  // namespace

std::string_view to_string(OperationState state) noexcept {
  switch (state) {
    case OperationState::waiting:
      return "waiting";
    case OperationState::running:
      return "running";
    case OperationState::stopping:
      return "stopping";
    case OperationState::stopped:
      return "stopped";
    case OperationState::done:
      return "done";
  }
  return "unknown";
}

std::string act_of(const OperationOrder& order) {
  return order.deed.empty() ? std::string(to_string(order.act)) : order.deed;
}

std::string document_of(const OperationOrder& order, const OperationProgress& progress) {
  return to_text(Json{{"order", order_json(order)}, {"progress", progress_json(progress)}}, -1);
}

Result<Operation> operation_of(const store::OperationRecord& record) {
  try {
    const auto json = Json::parse(record.document);
    Operation operation;
    operation.id = record.id;
    operation.order = order_of(json.at("order"));
    operation.progress = progress_of(json.at("progress"));
    operation.revision = record.revision;
    operation.created_at_ms = record.created_at_ms;
    operation.age_ms = record.age_ms;
    return operation;
  } catch (const Json::exception& error) {
    return Error(ErrorCode::corrupt, "operation " + record.id + " can't be read: " + error.what());
  }
}

Json operation_json(const Operation& operation, Language language) {
  const auto& order = operation.order;
  const auto& progress = operation.progress;
  Json json{{"id", operation.id}, {"act", act_of(order)}, {"state", to_string(progress.state)}};
  json["filters"] = Json::array();
  for (const auto& filter : order.filters) json["filters"].push_back(filter_json(filter));
  json["subject"] = order.subject.empty() ? Json(nullptr) : Json(told_in(language, order.subject));
  json["who"] = order.who;
  json["why"] = order.why;
  json["from"] = told_in(language, order.from);
  json["created_at"] = format_when(operation.created_at_ms);
  json["changed_seconds_ago"] = static_cast<double>(std::max<std::int64_t>(operation.age_ms, 0)) / 1000;
  json["rate"] = order.rate;
  json["steps"] = order.steps;
  json["stop_at"] = order.stop_at;
  json["skip_consumed"] = order.skip_consumed;
  json.update(counts_json(progress));
  json["runner"] = progress.runner.empty() ? Json(nullptr) : Json(progress.runner);
  json["note"] = told_in(language, progress.note);
  json["stopped_by"] = progress.stopped_by.empty() ? Json(nullptr) : Json(progress.stopped_by);
  return json;
}

Json plan_json(const BulkPlan& plan, const OperationOrder& order, Language language) {
  Json json{{"act", to_string(order.act)}, {"count", plan.count}};
  json["destinations"] = told(plan.destinations, language);
  json["cannot_go"] = told(plan.hopeless, language);
  if (order.skip_consumed) json["consumed"] = plan.consumed;
  json["seconds"] = order.rate > 0 ? Json(static_cast<double>(plan.count) / order.rate) : Json(nullptr);
  return json;
}

Result<std::string> why_nothing_matched(store::Store& store, const Config& config, const OperationOrder& order) {
  const auto needed = std::string(state_before(order.act));
  if (order.filters.size() != 1 || !order.filters.front().id) return "no message matched: none is " + needed;
  const auto& id = *order.filters.front().id;
  std::array<store::Store*, 1> stores{&store};
  const auto told = find_message(config, stores, id);
  if (!told) return told.error();
  return "message '" + id + "' is " + told->state + ", not " + needed + " (`waybill explain " + id + "` says more)";
}

Status check_order(const OperationOrder& order, bool all) {
  const bool narrow = !order.filters.empty() && std::ranges::all_of(order.filters, narrows);
  if (!narrow && !all) {
    return Error(ErrorCode::invalid_argument, "say which messages (id, topic, reason, a search line ...), or all");
  }
  if (!(order.rate >= 0) || order.rate > 1e6) {
    return Error(ErrorCode::invalid_argument, "rate is not between 0 and 1,000,000 messages a second");
  }
  if (!(order.stop_at >= 0 && order.stop_at <= 1)) {
    return Error(ErrorCode::invalid_argument, "stop_at is not between 0 and 1");
  }
  if (std::ranges::find(order.steps, 0U) != order.steps.end() || order.steps.size() > 20) {
    return Error(ErrorCode::invalid_argument, "steps are at most 20 numbers above 0");
  }
  return {};
}

Result<Operation> add_operation(store::Store& store, const OperationOrder& order, std::uint64_t expected,
                                std::string id) {
  OperationProgress progress;
  progress.expected = expected;
  if (id.empty()) id = make_uuid7();
  if (auto added = store.add_operation(id, document_of(order, progress)); !added) return added.error();
  return read_operation(store, id);
}

Result<Operation> read_operation(store::Store& store, const std::string& id) {
  store::OperationFilter filter;
  filter.id = id;
  filter.limit = 1;
  auto found = store.operations(filter);
  if (!found) return found.error();
  if (found->empty()) return Error(ErrorCode::not_found, "there is no operation '" + id + "'");
  return operation_of(found->front());
}

Result<std::vector<Operation>> list_operations(store::Store& store, const store::OperationFilter& filter) {
  auto records = store.operations(filter);
  if (!records) return records.error();
  std::vector<Operation> found;
  for (const auto& record : *records) {
    auto operation = operation_of(record);
    if (!operation) return operation.error();
    found.push_back(std::move(*operation));
  }
  return found;
}

Result<Operation> stop_operation(store::Store& store, const std::string& id, const std::string& who) {
  while (true) {
    auto operation = read_operation(store, id);
    if (!operation) return operation.error();
    if (operation->is_over()) {
      return Error(ErrorCode::refused,
                   "operation '" + id + "' is " + std::string(to_string(operation->progress.state)) + " already");
    }
    auto& progress = operation->progress;
    const bool is_idle = progress.state == OperationState::waiting;
    progress.state = is_idle ? OperationState::stopped : OperationState::stopping;
    progress.stopped_by = who;
    progress.note = "stopped by " + who;
    auto changed = store.change_operation(id, operation->revision, document_of(operation->order, progress), {});
    if (!changed) return changed.error();
    if (*changed) return read_operation(store, id);
  }
}

}  // namespace waybill::admin
