#include "admin/audit.hpp"

#include "core/uuid.hpp"
#include "waybill/message.h"

namespace waybill::admin {
namespace {

constexpr std::size_t shown_ids = 10;
constexpr std::size_t ids_at_once = 1000;

Result<std::string> id_of(std::string_view line) {
  if (!line.starts_with('{')) return std::string(line);
  const auto json = Json::parse(line, nullptr, false);
  const auto id = json.is_object() ? json.find("id") : json.end();
  if (!json.is_object() || id == json.end() || !id->is_string()) {
    return Error(ErrorCode::invalid_argument, "expected a JSON object with a text member 'id'");
  }
  return id->get<std::string>();
}

AuditClass& class_of(store::Standing standing, Audit& audit) {
  switch (standing) {
    case store::Standing::sending:
      return audit.sending;
    case store::Standing::failed:
      return audit.failed;
    case store::Standing::dropped:
      return audit.dropped;
    case store::Standing::gone:
      break;
  }
  return audit.left;
}

Status look_up(store::Store& store, std::span<const MessageId> ids, const IsConsumed& is_consumed, Audit& audit) {
  auto standings = store.standings(ids);
  if (!standings) return standings.error();
  for (std::size_t n = 0; n < ids.size(); ++n) {
    const auto& id = ids[n].str();
    class_of((*standings)[n], audit).add(id);
    if ((*standings)[n] != store::Standing::gone || !is_consumed) continue;
    (is_consumed(id).value_or(false) ? audit.consumed : audit.unconsumed).add(id);
  }
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

std::uint64_t keep_within(std::vector<std::string>& ids, const AuditSpan& span) {
  std::uint64_t without_time = 0;
  std::erase_if(ids, [&](const std::string& id) {
    const auto time = uuid7_unix_ms(id);
    if (!time) ++without_time;
    return time && ((span.since_ms && *time < *span.since_ms) || (span.until_ms && *time >= *span.until_ms));
  });
  return without_time;
}

Result<Audit> audit_ids(store::Store& store, std::span<const std::string> ids, const IsConsumed& is_consumed,
                        const std::function<void(std::uint64_t)>& progress) {
  Audit audit;
  audit.consumer_known = static_cast<bool>(is_consumed);
  std::set<std::string_view> seen;
  std::vector<MessageId> chunk;
  for (auto id = ids.begin(); id != ids.end(); ++id) {
    if (seen.insert(*id).second) {
      chunk.emplace_back(*id);
    } else {
      audit.repeated.add(*id);
    }
    if (chunk.size() < ids_at_once && std::next(id) != ids.end()) continue;
    if (auto looked = look_up(store, chunk, is_consumed, audit); !looked) return looked.error();
    audit.persisted += chunk.size();
    chunk.clear();
    if (progress) progress(audit.persisted + audit.repeated.count);
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
