#include "admin/explain.hpp"

#include <chrono>

#include "admin/errors.hpp"
#include "admin/explain_phrases.hpp"
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

std::string lane_words(const store::Whereabouts& found, Language language) {
  return found.holder.empty() ? say(language, phrases::lane_free, found.lane)
                              : say(language, phrases::lane_held, found.lane, found.holder);
}

std::string route_words(const Config& config, const std::string& topic, Language language) {
  const auto* route = config.route(topic);
  return route == nullptr ? say(language, phrases::no_route, topic)
                          : say(language, phrases::takes_route, topic, route->topic, route->broker, route->exchange);
}

std::string trouble_words(const store::Troubled& troubled, Language language) {
  auto words = say(language, phrases::in_trouble, troubled.state, troubled.reason, troubled.attempts, troubled.tries);
  return troubled.answer.empty() ? words : words + say(language, phrases::last_answer, troubled.answer);
}

/// What is known of the reason for which a message has failed.
const KnownError* why_failed(const store::Whereabouts& found) {
  const bool failed = found.place == Place::retry && found.troubled && found.troubled->state == "failed";
  return failed ? known_reason(found.troubled->reason) : nullptr;
}

std::string block_words(const store::Scope& scope, const std::string& by, Language language) {
  return scope.key ? say(language, phrases::behind_key, *scope.key, scope.route, by)
                   : say(language, phrases::behind_route, scope.route, by);
}

std::vector<std::string> story_of(const Config& config, const store::Whereabouts& found, Language language) {
  std::vector<std::string> lines;
  if (found.place == Place::outbox) {
    lines = {say(language, found.claimed ? phrases::fetched : phrases::in_outbox), lane_words(found, language)};
  } else if (found.place == Place::retry && found.troubled) {
    lines = {trouble_words(*found.troubled, language), lane_words(found, language)};
  } else {
    lines = {say(language, phrases::not_here)};
  }
  if (const auto* reason = why_failed(found)) {
    const auto& words = reason->in(language);
    lines.push_back(found.troubled->reason + " (" + reason->code + "): " + words.cause + " " + words.remedy);
  }
  if (found.troubled) lines.push_back(route_words(config, found.troubled->message.topic.str(), language));
  if (found.blocked_by) lines.push_back(block_words(*found.blocked_by, found.blocking_id, language));
  return lines;
}

std::string next_in_outbox(const store::Whereabouts& found, Language language) {
  if (found.blocked_by) return say(language, phrases::next_blocked, found.blocking_id);
  if (found.holder.empty()) return say(language, phrases::next_no_relay);
  if (found.claimed) return say(language, phrases::next_answer);
  if (!found.troubled || !found.troubled->message.not_before) return say(language, phrases::next_in_turn);
  const auto at = found.troubled->message.not_before->time_since_epoch();
  return say(language, phrases::next_not_before,
             format_when(std::chrono::duration_cast<std::chrono::milliseconds>(at).count()));
}

std::string next_of(const store::Whereabouts& found, Language language) {
  if (found.place == Place::outbox) return next_in_outbox(found, language);
  if (found.place != Place::retry || !found.troubled) return {};
  const auto& troubled = *found.troubled;
  if (troubled.state == "failed") return say(language, phrases::next_person);
  if (troubled.state == "dropped") return say(language, phrases::next_dropped);
  if (found.holder.empty()) return say(language, phrases::next_again_no_relay);
  if (troubled.due_in_ms <= 0) return say(language, phrases::next_due);
  return say(language, phrases::next_again, format_duration(std::chrono::milliseconds{troubled.due_in_ms}));
}

}  // namespace

Explanation explain(const Config& config, const std::string& store, const std::string& id,
                    store::Whereabouts whereabouts, Language language) {
  Explanation explanation;
  explanation.id = id;
  explanation.store = store;
  explanation.state = state_of(whereabouts);
  explanation.lines = story_of(config, whereabouts, language);
  explanation.next = next_of(whereabouts, language);
  explanation.whereabouts = std::move(whereabouts);
  return explanation;
}

Result<Explanation> find_message(const Config& config, std::span<store::Store* const> stores, const std::string& id,
                                 Language language) {
  Explanation told;
  for (auto* store : stores) {
    if (auto usable = require_schema(*store); !usable) return usable.error();
    auto found = store->locate(MessageId(id));
    if (!found) return found.error();
    told = explain(config, store->config().name, id, std::move(*found), language);
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
