#pragma once

#include <memory>

#include "admin/deed.hpp"

namespace waybill::cli {

/// Keeps in the audit log what is done; says so when that fails.
void record(store::Store& store, const admin::Deed& deed);
/// The same in a store that may not have been opened.
void record(const Result<std::unique_ptr<store::Store>>& store, const admin::Deed& deed);

}  // namespace waybill::cli
