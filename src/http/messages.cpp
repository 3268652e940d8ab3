// Failed messages, and where one message is and why.

#include <optional>
#include <variant>

#include "admin/causes.hpp"
#include "admin/decode.hpp"
#include "admin/explain.hpp"
#include "admin/failed.hpp"
#include "admin/search.hpp"
#include "http/content.hpp"
#include "http/desk.hpp"
#include "http/parameters.hpp"
#include "http/problem.hpp"

namespace waybill::http {
namespace {

using admin::Json;

constexpr std::size_t usual_page = 100;
constexpr std::size_t largest_page = 500;

const std::vector<std::string> conditions{"topic", "key", "reason", "cause", "since", "until", "id", "state"};

std::vector<std::string> filter_and(std::vector<std::string> others) {
  others.insert(others.end(), conditions.begin(), conditions.end());
  others.insert(others.end(), {"store", "q"});
  return others;
}

/// The search line `q` and the single conditions, together.
Result<store::FailedFilter> filter_of(const Call& call) {
  store::FailedFilter filter;
  const auto now = admin::wall_clock_ms();
  if (auto parsed = admin::parse_search(call.asked("q"), now, filter); !parsed) return parsed.error();
  for (const auto& name : conditions) {
    const auto given = call.query.find(name);
    if (given == call.query.end()) continue;
    if (auto added = admin::add_condition(name, given->second, now, filter); !added) return added.error();
  }
  filter.within = call.who.sees().globs();
  return filter;
}

/// Payloads are not read for a list, so nothing is said of their size.
Json listed(const store::Troubled& troubled) {
  auto json = admin::troubled_json(troubled, false);
  json.erase("payload_bytes");
  return json;
}

Result<Response> list(const Desk& desk, const Call& call) {
  auto filter = filter_of(call);
  if (!filter) return filter.error();
  const auto limit = number_of(call, "limit", {usual_page, 1, largest_page});
  if (!limit) return limit.error();
  const auto after = number_of(call, "after", {0, 0, UINT64_MAX});
  if (!after) return after.error();
  auto store = desk.store(call.asked("store"));
  if (!store) return store.error();
  filter->limit = static_cast<std::size_t>(*limit);
  filter->after = store::Ticket{*after};
  filter->payloads = false;
  const auto found = (*store)->troubled(*filter);
  if (!found) return found.error();
  Json messages = Json::array();
  for (const auto& one : *found) messages.push_back(listed(one));
  const bool more = found->size() >= *limit;
  return json_response(
      admin::to_text(Json{{"store", (*store)->config().name},
                          {"messages", messages},
                          {"next", more ? Json(std::to_string(found->back().ticket.value)) : Json(nullptr)}}));
}

/// What distinguishes one question about failed messages from another.
std::string question_of(const Call& call, const store::FailedFilter& filter) {
  Json question{{"within", filter.within}};
  for (const auto& [name, value] : call.query) {
    if (name != "lang") question[name] = value;
  }
  return admin::to_text(question, -1);
}

Result<Response> groups(Desk& desk, const Call& call) {
  auto filter = filter_of(call);
  if (!filter) return filter.error();
  auto store = desk.store(call.asked("store"));
  if (!store) return store.error();
  const auto known = desk.groups().ask(question_of(call, *filter), [&] { return (*store)->failed_groups(*filter); });
  if (!known->figures) return known->figures.error();
  const auto book = admin::CauseBook::read(**store);
  if (!book) return book.error();
  Json listed = Json::array();
  for (const auto& group : *known->figures)
    listed.push_back(admin::group_json(group, book->life_of(group), call.language));
  return json_response(admin::to_text(
      Json{{"store", (*store)->config().name}, {"groups", listed}, {"age_seconds", known->age_seconds()}}));
}

/// The message's topic, unless it has left the store.
std::optional<std::string> topic_of(const admin::Explanation& told) {
  const auto& troubled = told.whereabouts.troubled;
  return troubled ? std::optional(troubled->message.topic.str()) : std::nullopt;
}

/// Of somebody else's message nothing is known, no more than of one that there never was.
bool may_see(const Principal& who, const admin::Explanation& told) {
  const auto topic = topic_of(told);
  return topic ? who.sees().has(*topic) : who.sees().all();
}

Sight sight_of(const Desk& desk, const Call& call, const admin::Explanation& told) {
  return sight_of(desk.config().http, call.who, topic_of(told).value_or(""));
}

Result<admin::Explanation> find(const Desk& desk, const Call& call) {
  const auto& id = call.path.at("id");
  const auto stores = desk.stores(call.asked("store"));
  if (!stores) return stores.error();
  auto told = admin::find_message(desk.config(), *stores, id, call.language);
  if (!told || (told->known() && may_see(call.who, *told))) return told;
  // The same words for what is another's and for what never was.
  const auto why =
      call.who.sees().all() ? ": " + told->lines.front() : " among the topics that " + call.who.name + " may see";
  return Error(ErrorCode::not_found, "nothing is known of message '" + id + "'" + why);
}

/// The name of what makes text of its payload.
Json decoder_of(const Desk& desk, const admin::Explanation& told) {
  const auto topic = topic_of(told);
  const auto* decoder = topic ? desk.config().decoder(*topic) : nullptr;
  return decoder == nullptr ? Json(nullptr) : Json(decoder->name);
}

Result<Response> explain(const Desk& desk, const Call& call) {
  const auto told = find(desk, call);
  if (!told) return told.error();
  const auto sight = sight_of(desk, call, *told);
  auto json = admin::explanation_json(*told, sight != Sight::nothing);
  json["content_hidden"] = sight == Sight::nothing;
  const bool is_masked = sight == Sight::masked && told->whereabouts.troubled;
  json["content_masked"] = is_masked;
  json["decoder"] = decoder_of(desk, *told);
  if (is_masked) mask_content(desk.config().http, told->whereabouts.troubled->message, json["message"]);
  return json_response(admin::to_text(json));
}

Response hidden(const Principal& who) {
  return problem(403, "forbidden",
                 who.name + " may not see payloads; `payloads = true` of the configuration allows it");
}

Response unmaskable() {
  return problem(403, "forbidden", "the payload is no JSON that can be masked; `unmasked = true` shows it");
}

/// A message whose payload who asks may see in some way.
struct Visible {
  Message message;
  Sight sight = Sight::nothing;
};

/// It, or why not.
std::variant<Visible, Response> visible(const Desk& desk, const Call& call) {
  if (!call.who.sees_payloads().any()) return hidden(call.who);
  const auto told = find(desk, call);
  if (!told) return problem(told.error());
  if (!told->whereabouts.troubled) return problem(404, "not_found", "the message has left the store");
  const auto sight = sight_of(desk, call, *told);
  if (sight == Sight::nothing) return hidden(call.who);
  return Visible{told->whereabouts.troubled->message, sight};
}

// As bytes to be saved: no browser may take it for a page.
Result<Response> payload(const Desk& desk, const Call& call) {
  const auto found = visible(desk, call);
  if (const auto* refusal = std::get_if<Response>(&found)) return *refusal;
  const auto& [message, sight] = std::get<Visible>(found);
  const auto payload = shown_payload(desk.config().http, sight, message.payload);
  if (!payload) return unmaskable();
  Response response{200, "application/octet-stream", *payload, {}};
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"payload.bin\"");
  return response;
}

// Masked after it is decoded: so a mask holds for payloads too that are no JSON themselves.
Result<Response> decoded(const Desk& desk, const Call& call) {
  const auto found = visible(desk, call);
  if (const auto* refusal = std::get_if<Response>(&found)) return *refusal;
  const auto& [message, sight] = std::get<Visible>(found);
  const auto* decoder = desk.config().decoder(message.topic.str());
  if (decoder == nullptr) {
    return problem(404, "not_found", "no [decoder.NAME] has the topic '" + message.topic.str() + "'");
  }
  const auto text = admin::decode(*decoder, message.payload);
  if (!text && sight == Sight::masked && text.error().code() == ErrorCode::refused) {
    // Its complaint may repeat what is masked.
    return Error(ErrorCode::refused, "decoder '" + decoder->name + "' failed; `unmasked = true` shows why");
  }
  if (!text) return text.error();
  const auto shown = shown_payload(desk.config().http, sight, *text);
  if (!shown) return unmaskable();
  return json_response(admin::to_text(Json{{"decoder", decoder->name}, {"text", *shown}}));
}

}  // namespace

void add_messages(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back({"GET", "/api/v1/failed", Role::viewer, true, filter_and({"limit", "after"}),
                       [desk](const Call& call) { return list(*desk, call); }});
  endpoints.push_back({"GET", "/api/v1/failed/groups", Role::viewer, true, filter_and({}),
                       [desk](const Call& call) { return groups(*desk, call); }});
  endpoints.push_back({"GET", "/api/v1/messages/{id}", Role::viewer, true, {"store"}, [desk](const Call& call) {
                         return explain(*desk, call);
                       }});
  endpoints.push_back({"GET", "/api/v1/messages/{id}/payload", Role::viewer, true, {"store"}, [desk](const Call& call) {
                         return payload(*desk, call);
                       }});
  endpoints.push_back({"GET", "/api/v1/messages/{id}/decoded", Role::viewer, true, {"store"}, [desk](const Call& call) {
                         return decoded(*desk, call);
                       }});
}

}  // namespace waybill::http
