#pragma once

#include <string>

#include "admin/audit.hpp"
#include "admin/json.hpp"
#include "core/config.hpp"
#include "inbox/inspection.hpp"

namespace waybill::admin {

/// Reads the marks that `consumer` (a glob) has in the inbox beside the store, once, and answers from them. An empty
/// name gives an empty function: the audit then leaves the consumer out.
Result<IsConsumed> consumed_lookup(const StoreConfig& store, const std::string& consumer);

/// `consumer`, `marks`, `is_estimate`, `conflicts`, `oldest_kept`, `expired_before`.
Json consumer_json(const inbox::ConsumerMarks& marks);

/// Both sides of a conflict: `kept` and `refused`, each with `digest`, `message_id`, `at`.
Json conflict_json(const inbox::Conflict& conflict);
/// A page of them, oldest first.
Result<std::vector<inbox::Conflict>> inbox_conflicts(const StoreConfig& store, const inbox::ConflictFilter& filter);

/// One consumer_json() object each. An empty name: every consumer.
Result<Json> inbox_totals(const StoreConfig& store, const std::string& consumer);

}  // namespace waybill::admin
