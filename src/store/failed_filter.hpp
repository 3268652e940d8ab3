#pragma once

/// \file
/// What a filter of failed messages lets pass, for stores that can't ask their database for it.

#include <algorithm>
#include <string>

#include "core/glob.hpp"
#include "store/store.hpp"

namespace waybill::store {

/// All of the filter but the state and the paging. `Row` is a Troubled, or what a store keeps with the same members.
template <class Row>
bool passes(const FailedFilter& filter, const Row& row) {
  if (!filter.topic.empty() && !glob_matches(filter.topic, row.message.topic.str())) return false;
  const auto matches = [&](const std::string& glob) { return glob_matches(glob, row.message.topic.str()); };
  if (!filter.within.empty() && std::ranges::none_of(filter.within, matches)) return false;
  if (filter.key && (!row.message.key || row.message.key->str() != *filter.key)) return false;
  if (!filter.reason.empty() && row.reason != filter.reason) return false;
  if (row.answer.find(filter.cause) == std::string::npos) return false;
  if (filter.id && row.message.id.str() != *filter.id) return false;
  if (filter.since_ms && row.changed_at_ms < *filter.since_ms) return false;
  return !filter.until_ms || row.changed_at_ms < *filter.until_ms;
}

}  // namespace waybill::store
