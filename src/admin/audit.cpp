#include "admin/audit.hpp"

#include "waybill/message.h"

namespace waybill::admin {
namespace {

constexpr std::size_t shown_ids = 10;

Result<std::string> id_of(std::string_view line) {
  if (!line.starts_with('{')) return std::string(line);
  const auto json = Json::parse(line, nullptr, false);
  const auto id = json.is_object() ? json.find("id") : json.end();
  if (!json.is_object() || id == json.end() || !id->is_string()) {
    return Error(ErrorCode::invalid_argument, "expected a JSON object with a text member 'id'");
  }
  return id->get<std::string>();
}

AuditClass& class_of(const store::Whereabouts& found, Audit& audit) {
  using Place = store::Whereabouts::Place;
  if (found.place == Place::outbox) return audit.sending;
  if (found.place == Place::gone) return audit.left;
  const std::string state = found.troubled ? found.troubled->state : "sending";
  if (state == "failed") return audit.failed;
  if (state == "dropped") return audit.dropped;
  return audit.sending;
}

Status look_up(store::Store& store, const std::string& id, const IsConsumed& is_consumed, Audit& audit) {
  auto found = store.locate(MessageId(id));
  if (!found) return found.error();
  auto& place = class_of(*found, audit);
  place.add(id);
  if (&place != &audit.left || !is_consumed) return {};
  auto consumed = is_consumed(id);
  if (!consumed) return consumed.error();
  (*consumed ? audit.consumed : audit.unconsumed).add(id);
  return {};
}

Json class_json(const AuditClass& one) { return {{"count", one.count}, {"first", one.first}}; }

}  // namespace

void AuditClass::add(const std::string& id) {
  ++count;
  if (first.size() < shown_ids) first.push_back(id);
}

Result<std::vector<std::string>> parse_ids(std::string_view text, const std::string& source) {
  std::vector<std::string> ids;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty()) continue;
    auto id = id_of(line);
    if (!id) {
      return Error(id.error().code(), source + ":" + std::to_string(number) + ":1: " + id.error().message());
    }
    ids.push_back(std::move(*id));
  }
  return ids;
}

Result<Audit> audit_ids(store::Store& store, std::span<const std::string> ids, const IsConsumed& is_consumed,
                        const std::function<void(std::uint64_t)>& progress) {
  Audit audit;
  audit.consumer_known = static_cast<bool>(is_consumed);
  std::set<std::string_view> seen;
  for (const auto& id : ids) {
    if (!seen.insert(id).second) {
      audit.repeated.add(id);
      continue;
    }
    ++audit.persisted;
    if (auto looked = look_up(store, id, is_consumed, audit); !looked) return looked.error();
    if (progress) progress(seen.size() + audit.repeated.count);
  }
  return audit;
}

Json audit_json(const Audit& audit) {
  Json json{{"persisted", audit.persisted},         {"repeated", class_json(audit.repeated)},
            {"sending", class_json(audit.sending)}, {"failed", class_json(audit.failed)},
            {"dropped", class_json(audit.dropped)}, {"confirmed", class_json(audit.left)}};
  json["consumed"] = audit.consumer_known ? class_json(audit.consumed) : Json(nullptr);
  json["unconsumed"] = audit.consumer_known ? class_json(audit.unconsumed) : Json(nullptr);
  return json;
}

}  // namespace waybill::admin
