#include "admin/explain.hpp"

#include <chrono>

#include "admin/failed.hpp"
#include "admin/search.hpp"
#include "admin/stores.hpp"
#include "core/text.hpp"

namespace waybill::admin {
namespace {

using Place = store::Whereabouts::Place;

std::string state_of(const store::Whereabouts& found) {
  if (found.place == Place::outbox) return found.claimed ? "sending" : "waiting";
  if (found.place == Place::retry) return found.troubled ? found.troubled->state : "sending";
  return "gone";
}

std::string lane_words(const store::Whereabouts& found) {
  const auto lane = "lane " + std::to_string(found.lane);
  return found.holder.empty() ? lane + " is held by no relay" : lane + " is held by relay " + found.holder;
}

std::string scope_words(const store::Scope& scope) {
  return scope.key ? "key '" + *scope.key + "' of route '" + scope.route + "'" : "route '" + scope.route + "'";
}

void tell_route(const Config& config, const store::Whereabouts& found, std::vector<std::string>& lines) {
  if (!found.troubled) return;
  const auto& topic = found.troubled->message.topic.str();
  const auto* route = config.route(topic);
  lines.push_back(route == nullptr ? "no route matches its topic '" + topic + "'"
                                   : "its topic '" + topic + "' takes route '" + route->topic + "' to broker '" +
                                         route->broker + "', exchange '" + route->exchange + "'");
}

void tell_place(const store::Whereabouts& found, std::vector<std::string>& lines) {
  if (found.place == Place::outbox) {
    lines.push_back(found.claimed ? "it is in the outbox; a relay has fetched it and its answer is not settled yet"
                                  : "it is in the outbox and was never published");
  } else if (found.place == Place::retry && found.troubled) {
    const auto& troubled = *found.troubled;
    std::string line = "it is " + troubled.state + " because of '" + troubled.reason + "' after " +
                       std::to_string(troubled.attempts) + " publications, " + std::to_string(troubled.tries) +
                       " of them counted tries";
    if (!troubled.answer.empty()) line += "; the last answer was: " + troubled.answer;
    lines.push_back(std::move(line));
  } else {
    lines.emplace_back(
        "it is not in the store: confirmed by the broker, dropped by its route, or never persisted here");
    return;
  }
  lines.push_back(lane_words(found));
}

std::string next_in_outbox(const store::Whereabouts& found) {
  if (found.blocked_by) return "waits until message '" + found.blocking_id + "' is confirmed, resent or dropped";
  if (found.holder.empty()) return "moves as soon as a relay runs: start `waybill relay`";
  if (found.claimed) return "moves when the broker answers";
  if (found.troubled && found.troubled->message.not_before) {
    const auto at =
        std::chrono::duration_cast<std::chrono::milliseconds>(found.troubled->message.not_before->time_since_epoch())
            .count();
    return "is published not before " + format_when(at);
  }
  return "moves when the relay has worked through what is before it";
}

std::string next_of(const store::Whereabouts& found) {
  if (found.place == Place::outbox) return next_in_outbox(found);
  if (found.place != Place::retry || !found.troubled) return {};
  const auto& troubled = *found.troubled;
  if (troubled.state == "failed") return "waits for a person: `waybill failed resend` or `waybill failed drop`";
  if (troubled.state == "dropped") return "stays dropped; `waybill failed restore` undoes it";
  if (found.holder.empty()) return "is sent again when a relay runs: start `waybill relay`";
  if (troubled.due_in_ms <= 0) return "is due now";
  return "is sent again in " + format_duration(std::chrono::milliseconds{troubled.due_in_ms});
}

}  // namespace

Explanation explain(const Config& config, const std::string& store, const std::string& id,
                    store::Whereabouts whereabouts) {
  Explanation explanation;
  explanation.id = id;
  explanation.store = store;
  explanation.state = state_of(whereabouts);
  tell_place(whereabouts, explanation.lines);
  tell_route(config, whereabouts, explanation.lines);
  if (whereabouts.blocked_by) {
    explanation.lines.push_back("it waits behind " + scope_words(*whereabouts.blocked_by) +
                                ", which is blocked by message '" + whereabouts.blocking_id + "'");
  }
  explanation.next = next_of(whereabouts);
  explanation.whereabouts = std::move(whereabouts);
  return explanation;
}

Result<Explanation> find_message(const Config& config, std::span<store::Store* const> stores, const std::string& id) {
  Explanation told;
  for (auto* store : stores) {
    if (auto usable = require_schema(*store); !usable) return usable.error();
    auto found = store->locate(MessageId(id));
    if (!found) return found.error();
    told = explain(config, store->config().name, id, std::move(*found));
    if (told.known()) return told;
  }
  return told;
}

Json explanation_json(const Explanation& explanation, bool with_content) {
  const auto& found = explanation.whereabouts;
  Json json{{"id", explanation.id}, {"store", explanation.store}, {"state", explanation.state}};
  json["explanation"] = explanation.lines;
  json["next"] = explanation.next;
  json["claimed"] = found.claimed;
  json["lane"] = found.place == Place::gone ? Json(nullptr) : Json(found.lane);
  json["holder"] = found.holder.empty() ? Json(nullptr) : Json(found.holder);
  json["blocked_by"] = nullptr;
  if (found.blocked_by) {
    json["blocked_by"] = {{"route", found.blocked_by->route},
                          {"key", found.blocked_by->key ? Json(*found.blocked_by->key) : Json(nullptr)},
                          {"message", found.blocking_id}};
  }
  json["message"] = found.troubled ? troubled_json(*found.troubled, with_content) : Json(nullptr);
  json["history"] = Json::array();
  for (const auto& attempt : found.history) json["history"].push_back(attempt_json(attempt));
  return json;
}

}  // namespace waybill::admin
