#pragma once

#include <functional>
#include <string>

#include "admin/audit.hpp"
#include "admin/json.hpp"
#include "admin/operation.hpp"
#include "core/config.hpp"
#include "inbox/inspection.hpp"

namespace waybill::admin {

/// Hands each id that is asked about to `take`.
using AskedIds = std::function<Status(const std::function<void(const std::string& id)>& take)>;

/// Of which of these messages `consumer` (a glob) has a mark in the inbox beside the store. Every mark is read once,
/// and none is kept: memory is 40 bytes for each id that is asked about, whatever the inbox holds. An empty name gives
/// an empty function: the audit then leaves the consumer out.
Result<IsConsumed> consumed_lookup(const StoreConfig& store, const std::string& consumer, const AskedIds& asked);

/// The same of the messages that a bulk act selects, when its order leaves out what is consumed; else empty.
Result<IsConsumed> consumed_of(store::Store& store, const OperationOrder& order);

/// `consumer`, `marks`, `is_estimate`, `conflicts`, `oldest_kept`, `expired_before`.
Json consumer_json(const inbox::ConsumerMarks& marks);

/// Both sides of a conflict: `kept` and `refused`, each with `digest`, `message_id`, `at`.
Json conflict_json(const inbox::Conflict& conflict);
/// A page of them, oldest first.
Result<std::vector<inbox::Conflict>> inbox_conflicts(const StoreConfig& store, const inbox::ConflictFilter& filter);

/// One consumer_json() object each. An empty name: every consumer.
Result<Json> inbox_totals(const StoreConfig& store, const std::string& consumer);

}  // namespace waybill::admin
