#include "admin/failed.hpp"

#include "admin/base64.hpp"
#include "admin/search.hpp"
#include "admin/stores.hpp"
#include "core/text.hpp"
#include "core/validate.hpp"

namespace waybill::admin {
namespace {

constexpr std::size_t page = 500;

std::string destination_of(const Config& config, const store::Troubled& troubled) {
  const auto* route = config.route(troubled.message.topic.str());
  if (route == nullptr) return "no route";
  const std::string key = troubled.message.key ? troubled.message.key->str() : "";
  return "broker " + route->broker + ", exchange '" +
         render_template(route->exchange, troubled.message.topic.str(), key) + "'";
}

void add_to_plan(const Config& config, const store::Troubled& troubled, BulkAct act, const IsConsumed& is_consumed,
                 BulkPlan& plan) {
  if (act == BulkAct::resend) {
    if (const auto why = hopeless_reason(config, troubled); !why.empty()) {
      ++plan.hopeless[why];
      return;
    }
  }
  if (is_consumed && is_consumed(troubled.message.id.str()).value_or(false)) {
    ++plan.consumed;
    return;
  }
  if (act == BulkAct::resend) ++plan.destinations[destination_of(config, troubled)];
  ++plan.count;
}

}  // namespace

std::string_view to_string(BulkAct act) noexcept {
  switch (act) {
    case BulkAct::resend:
      return "resend";
    case BulkAct::drop:
      return "drop";
    case BulkAct::restore:
      return "restore";
  }
  return "unknown";
}

Json troubled_json(const store::Troubled& troubled, bool with_payload) {
  const auto& message = troubled.message;
  Json json{{"id", message.id.str()}, {"topic", message.topic.str()}};
  json["key"] = message.key ? Json(message.key->str()) : Json(nullptr);
  json["state"] = troubled.state;
  json["route"] = troubled.route;
  json["reason"] = troubled.reason;
  json["answer"] = troubled.answer;
  json["attempts"] = troubled.attempts;
  json["tries"] = troubled.tries;
  json["lane"] = troubled.lane;
  json["stored_at"] = troubled.stored_at_ms > 0 ? Json(format_when(troubled.stored_at_ms)) : Json(nullptr);
  json["changed_at"] = troubled.changed_at_ms > 0 ? Json(format_when(troubled.changed_at_ms)) : Json(nullptr);
  if (troubled.state == "sending") json["due_in_ms"] = troubled.due_in_ms;
  json["payload_bytes"] = message.payload.size();
  if (!with_payload) return json;
  json["content_type"] = message.content_type;
  json["headers"] = Json::object();
  for (const auto& [name, value] : message.headers) json["headers"][name] = value;
  if (is_utf8(message.payload)) {
    json["payload"] = message.payload;
  } else {
    json["payload_base64"] = to_base64(message.payload);
  }
  return json;
}

Json attempt_json(const store::Attempt& attempt) {
  return {{"at", format_when(attempt.at_ms)}, {"attempt", attempt.attempt},   {"outcome", attempt.outcome},
          {"answer", attempt.answer},         {"endpoint", attempt.endpoint}, {"relay", attempt.relay}};
}

std::vector<FailedCount> count_failed(std::span<const std::unique_ptr<store::Store>> stores) {
  std::vector<FailedCount> counts;
  for (const auto& store : stores) {
    if (!require_schema(*store)) continue;
    const auto groups = store->failed_groups({});
    if (!groups) continue;
    std::map<std::pair<std::string, std::string>, std::uint64_t> sums;
    for (const auto& group : *groups) sums[{group.route, group.reason}] += group.count;
    for (const auto& [cause, count] : sums) counts.push_back({store->config().name, cause.first, cause.second, count});
  }
  return counts;
}

std::string hopeless_reason(const Config& config, const store::Troubled& troubled) {
  if (config.route(troubled.message.topic.str()) == nullptr) {
    return "no route matches topic '" + troubled.message.topic.str() + "'";
  }
  if (troubled.reason == "malformed") return "malformed: " + troubled.answer;
  if (troubled.reason == "too_large") return "payload is over the limit";
  return {};
}

std::string_view past_of(BulkAct act) noexcept {
  if (act == BulkAct::resend) return "resent";
  return act == BulkAct::drop ? "dropped" : "restored";
}

std::string_view state_before(BulkAct act) noexcept { return act == BulkAct::restore ? "dropped" : "failed"; }

Status each_selected(store::Store& store, std::span<const store::FailedFilter> filters, BulkAct act,
                     const std::function<void(const store::Troubled&)>& take) {
  for (auto filter : filters) {
    filter.state = state_before(act);
    filter.limit = page;
    filter.payloads = false;
    while (true) {
      auto found = store.troubled(filter);
      if (!found) return found.error();
      for (const auto& troubled : *found) take(troubled);
      if (found->size() < page) break;
      filter.after = found->back().ticket;
    }
  }
  return {};
}

Result<BulkPlan> plan_bulk(store::Store& store, const Config& config, std::span<const store::FailedFilter> filters,
                           BulkAct act, const IsConsumed& is_consumed, const Progress& progress) {
  BulkPlan plan;
  std::uint64_t seen = 0;
  const auto read = each_selected(store, filters, act, [&](const store::Troubled& troubled) {
    add_to_plan(config, troubled, act, is_consumed, plan);
    plan.last = std::max(plan.last, troubled.ticket);
    if (++seen % page == 0 && progress) progress(seen);
  });
  if (!read) return read.error();
  return plan;
}

Result<std::uint64_t> perform_bulk(store::Store& store, std::span<const store::Ticket> tickets, BulkAct act,
                                   const std::string& who, const std::string& why) {
  switch (act) {
    case BulkAct::resend:
      return store.resend(tickets, who, why);
    case BulkAct::drop:
      return store.drop(tickets, who, why);
    case BulkAct::restore:
      return store.restore(tickets, who, why);
  }
  return Error(ErrorCode::internal, "unknown bulk act");
}

}  // namespace waybill::admin
