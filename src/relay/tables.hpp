#pragma once

#include <string>

#include "store/store.hpp"

namespace waybill::relay {

/// An error that names the remedy, unless a store's tables are of this version.
Status require_current(store::SchemaState schema, const std::string& store);

}  // namespace waybill::relay
