// Routes that people hold back.

#include "store/memory/store.hpp"

namespace waybill::store {

Result<std::vector<Pause>> MemoryStore::pauses() {
  const std::lock_guard lock{tables_->mutex};
  std::vector<Pause> found;
  for (const auto& [route, pause] : tables_->pauses) found.push_back(pause);
  return found;
}

Result<bool> MemoryStore::pause(const Pause& pause) {
  const std::lock_guard lock{tables_->mutex};
  return tables_->pauses.try_emplace(pause.route, pause).second;
}

Result<bool> MemoryStore::resume(const std::string& route) {
  const std::lock_guard lock{tables_->mutex};
  return tables_->pauses.erase(route) > 0;
}

}  // namespace waybill::store
