#include "admin/consumed.hpp"

#include <memory>
#include <unordered_set>

#include "admin/search.hpp"
#include "inbox/inspection.hpp"

namespace waybill::admin {

Result<IsConsumed> consumed_lookup(const StoreConfig& store, const std::string& consumer) {
  if (consumer.empty()) return IsConsumed{};
  auto inbox = inbox::open_inspection(store);
  if (!inbox) return inbox.error();
  auto ids = std::make_shared<std::unordered_set<std::string>>();
  auto read = (*inbox)->consumed(consumer, 0, [&ids](const inbox::Consumed& mark) {
    ids->insert(mark.message_id);
    return true;
  });
  if (!read) return read.error();
  return IsConsumed([ids](const std::string& id) -> Result<bool> { return ids->contains(id); });
}

Json consumer_json(const inbox::ConsumerMarks& marks) {
  const auto when = [](const std::optional<std::int64_t>& ms) { return ms ? Json(format_when(*ms)) : Json(); };
  return {{"consumer", marks.consumer},
          {"marks", marks.marks},
          {"is_estimate", marks.is_estimate},
          {"conflicts", marks.conflicts},
          {"oldest_kept", when(marks.oldest_kept_ms)},
          {"expired_before", when(marks.bound_ms)}};
}

Json conflict_json(const inbox::Conflict& conflict) {
  return {{"seq", conflict.seq},
          {"consumer", conflict.consumer},
          {"unique_id", conflict.unique_id},
          {"fingerprint", conflict.fingerprint},
          {"kept",
           {{"digest", conflict.kept_digest},
            {"message_id", conflict.kept_message_id},
            // A mark in Redis does not tell.
            {"at", conflict.kept_ms == 0 ? Json{} : Json(format_when(conflict.kept_ms))}}},
          {"refused",
           {{"digest", conflict.digest}, {"message_id", conflict.message_id}, {"at", format_when(conflict.found_ms)}}}};
}

Result<std::vector<inbox::Conflict>> inbox_conflicts(const StoreConfig& store, const inbox::ConflictFilter& filter) {
  auto inbox = inbox::open_inspection(store);
  if (!inbox) return inbox.error();
  return (*inbox)->conflicts(filter);
}

Result<Json> inbox_totals(const StoreConfig& store, const std::string& consumer) {
  auto inbox = inbox::open_inspection(store);
  if (!inbox && inbox.error().code() == ErrorCode::unsupported) return Json::array();
  if (!inbox) return inbox.error();
  auto consumers = (*inbox)->consumers();
  if (!consumers) return consumers.error();
  Json listed = Json::array();
  for (const auto& one : *consumers) {
    if (consumer.empty() || one.consumer == consumer) listed.push_back(consumer_json(one));
  }
  return listed;
}

}  // namespace waybill::admin
