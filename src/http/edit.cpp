// A failed message that a person changes, sent as a new one.

#include "admin/edit.hpp"

#include "admin/base64.hpp"
#include "admin/routing.hpp"
#include "http/body.hpp"
#include "http/content.hpp"
#include "http/desk.hpp"
#include "http/problem.hpp"

namespace waybill::http {
namespace {

using admin::Json;

struct Wanted {
  admin::Edit edit;
  std::string store;
  bool dry_run = false;
};

Status read_payload(Body& body, admin::Edit& edit) {
  std::optional<std::string> coded;
  if (auto read = body.read("payload", edit.payload); !read) return read;
  if (auto read = body.read("payload_base64", coded); !read) return read;
  if (!coded) return {};
  if (edit.payload) return wrong("payload_base64", "and 'payload' are both there: give one");
  auto bytes = admin::from_base64(*coded);
  if (!bytes) return wrong("payload_base64", bytes.error().message());
  edit.payload = std::move(*bytes);
  return {};
}

Result<Wanted> wanted_by(const Call& call) {
  auto body = Body::of(call.request);
  if (!body) return body.error();
  Wanted wanted;
  auto& edit = wanted.edit;
  edit.id = call.path.at("id");
  for (const auto& read :
       {body->read("store", wanted.store), body->read("dry_run", wanted.dry_run), body->read("topic", edit.topic),
        body->read("key", edit.key), body->read("content_type", edit.content_type), body->read("headers", edit.headers),
        read_payload(*body, edit)}) {
    if (!read) return read.error();
  }
  if (auto read = body->read_reason(edit.why, !wanted.dry_run); !read) return read.error();
  if (auto read = body->finish(); !read) return read.error();
  edit.who = call.who.name;
  edit.from = "REST API, " + call.request.peer;
  return wanted;
}

Result<Response> edit(const Desk& desk, const Call& call) {
  const auto wanted = wanted_by(call);
  if (!wanted) return wanted.error();
  const auto store = desk.store(wanted->store);
  if (!store) return store.error();
  const auto may = call.who.may(Act::edit);
  if (!may.any()) return may_not(call.who, Act::edit, "messages");
  const auto old = admin::find_failed(**store, wanted->edit.id, call.who.sees().globs());
  if (!old) return old.error();
  const auto& topic = old->message.topic.str();
  if (!may.has(topic)) return may_not(call.who, Act::edit, "messages of '" + topic + "'");
  const auto message = admin::edited_message(**store, desk.config(), wanted->edit);
  if (!message) return message.error();
  if (!may.has(message->topic.str()))
    return may_not(call.who, Act::edit, "a message into the topic '" + message->topic.str() + "'");
  const auto& http = desk.config().http;
  if (sight_of(http, call.who, message->topic.str()) > sight_of(http, call.who, topic))
    return may_not(call.who, Act::edit, "a message into a topic that would show more of it");
  const auto key = message->key ? message->key->str() : std::string{};
  const auto route = admin::routing_json(desk.config(), message->topic.str(), key);
  Json answer{{"store", (*store)->config().name}, {"origin", wanted->edit.id}, {"id", nullptr}};
  answer["route"] = route ? *route : Json(nullptr);
  if (wanted->dry_run) return json_response(admin::to_text(answer));
  const auto sent = admin::send_edited(**store, desk.config(), wanted->edit);
  if (!sent) return sent.error();
  answer["id"] = sent->str();
  auto response = json_response(admin::to_text(answer));
  response.status = 201;
  response.headers.emplace_back("Location", "/api/v1/messages/" + sent->str());
  return response;
}

}  // namespace

void add_edit(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back({"POST", "/api/v1/messages/{id}/edit", Role::operate, true, {}, [desk](const Call& call) {
                         return edit(*desk, call);
                       }});
}

}  // namespace waybill::http
