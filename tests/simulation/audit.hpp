#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/config.hpp"
#include "ledger.hpp"
#include "store/memory/store.hpp"

namespace waybill::simulation {

/// Checks P1 to P5 on a run that has come to rest. Nothing, or the broken promise with the message at fault.
std::optional<std::string> audit(const Config& config, const Ledger& ledger, const store::MemoryStore& store);

}  // namespace waybill::simulation
