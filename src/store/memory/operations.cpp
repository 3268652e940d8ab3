// Bulk acts of operators.

#include "store/memory/store.hpp"

namespace waybill::store {

using memory::Operation;

Status MemoryStore::add_operation(const std::string& id, const std::string& document) {
  const std::lock_guard lock{tables_->mutex};
  const auto now = tables_->wall_ms();
  if (tables_->operations.try_emplace(id, Operation{1, document, now, now, {}}).second) return {};
  return Error{ErrorCode::busy, "operation " + id + " is there already"};
}

Result<bool> MemoryStore::change_operation(const std::string& id, std::uint64_t revision, const std::string& document,
                                           std::span<const OperationResult> results) {
  const std::lock_guard lock{tables_->mutex};
  const auto found = tables_->operations.find(id);
  if (found == tables_->operations.end() || found->second.revision != revision) return false;
  auto& operation = found->second;
  ++operation.revision;
  operation.document = document;
  operation.changed_at_ms = tables_->wall_ms();
  operation.results.insert(operation.results.end(), results.begin(), results.end());
  return true;
}

Result<std::vector<OperationRecord>> MemoryStore::operations(const OperationFilter& filter) {
  const std::lock_guard lock{tables_->mutex};
  std::vector<OperationRecord> found;
  for (auto it = tables_->operations.rbegin(); it != tables_->operations.rend() && found.size() < filter.limit; ++it) {
    const auto& [id, operation] = *it;
    if ((filter.id && id != *filter.id) || (!filter.before.empty() && id >= filter.before)) continue;
    found.push_back({id, operation.revision, operation.document, operation.created_at_ms,
                     tables_->wall_ms() - operation.changed_at_ms});
  }
  return found;
}

Result<std::vector<OperationResult>> MemoryStore::operation_results(const std::string& id, std::uint64_t after,
                                                                    std::size_t limit) {
  const std::lock_guard lock{tables_->mutex};
  std::vector<OperationResult> page;
  const auto found = tables_->operations.find(id);
  if (found == tables_->operations.end()) return page;
  for (const auto& result : found->second.results) {
    if (result.number > after && page.size() < limit) page.push_back(result);
  }
  return page;
}

}  // namespace waybill::store
