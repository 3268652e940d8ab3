#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "admin/json.hpp"
#include "store/store.hpp"

namespace waybill::admin {

/// One class of messages: how many, and the first few of them.
struct AuditClass {
  std::uint64_t count = 0;
  std::vector<std::string> first;
  void add(const std::string& id);
};

/// What became of a list of messages that a service says it has persisted.
struct Audit {
  std::uint64_t persisted = 0;  ///< ids in the list, each once
  AuditClass repeated;          ///< ids that stand in the list more than once
  AuditClass sending, failed, dropped;
  AuditClass left;              ///< no longer in the store: confirmed, or dropped by the route
  AuditClass consumed;          ///< of `left`: the consumer's inbox has a mark
  AuditClass unconsumed;        ///< of `left`: it has none; still in the broker, or lost
  bool consumer_known = false;  ///< `consumed` and `unconsumed` mean something
};

/// Whether the consumer's inbox has a mark of this message; nothing when the inbox was not asked about it.
using IsConsumed = std::function<std::optional<bool>(const std::string& id)>;

/// Ids, one per line or as NDJSON objects with a member `id`. Errors name the line.
Result<std::vector<std::string>> parse_ids(std::string_view text, const std::string& source);

/// The span of an audit, in Unix ms.
struct AuditSpan {
  std::optional<std::int64_t> since_ms, until_ms;
  bool is_set() const { return since_ms || until_ms; }
};

/// Of the ids those whose time lies in the span: a UUIDv7 tells it. Gives how many tell none, which are kept.
std::uint64_t keep_within(std::vector<std::string>& ids, const AuditSpan& span);

/// Looks up every id. `is_consumed` may be empty; `progress` too.
Result<Audit> audit_ids(store::Store& store, std::span<const std::string> ids, const IsConsumed& is_consumed,
                        const std::function<void(std::uint64_t)>& progress);

Json audit_json(const Audit& audit);

}  // namespace waybill::admin
