#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "store/store.hpp"

namespace waybill::admin {

/// The store that `name` names, or the only one when `name` is empty. Errors name the stores to choose from.
Result<const StoreConfig*> choose_store(const Config& config, const std::string& name);

/// Opens the chosen store. No connection is made.
Result<std::unique_ptr<store::Store>> open_chosen_store(const Config& config, const std::string& name);

/// Opens the store that `name` names, or all of them when it is empty. No connection is made.
Result<std::vector<std::unique_ptr<store::Store>>> open_stores(const Config& config, const std::string& name);

/// Fails, with the remedy, when the store's tables are not those of this program.
Status require_schema(store::Store& store);

}  // namespace waybill::admin
