#pragma once

/// \file
/// Bulk acts on messages as stores keep them. A store knows of one only what it needs to let a single runner change it
/// at a time; what stands in the document is the operator's side's business (src/admin/operation).

#include <cstdint>
#include <optional>
#include <string>

namespace waybill::store {

struct OperationRecord {
  std::string id;                  ///< a UUIDv7: ids sort as operations were made
  std::uint64_t revision = 1;      ///< rises with each change
  std::string document;            ///< JSON
  std::int64_t created_at_ms = 0;  ///< by the store's clock, as the next
  std::int64_t age_ms = 0;         ///< since the last change
};

/// What an operation did to one message.
struct OperationResult {
  std::uint64_t number = 1;  ///< 1 for the first of the operation, without gaps
  std::string message_id;
  std::string result;
};

struct OperationFilter {
  std::optional<std::string> id;  ///< only this one
  std::string before;             ///< keyset paging: only ids below this; empty: from the newest
  std::size_t limit = 100;
};

}  // namespace waybill::store
