#pragma once

#include <string>

#include "store/memory/tables.hpp"
#include "store/store.hpp"

namespace waybill::store::memory {

/// Stores what became of the messages. The caller holds the mutex and has checked that every ticket is there.
void apply_settlement(Tables& tables, std::uint32_t lane, const std::string& holder, const SettleBatch& batch);

}  // namespace waybill::store::memory
