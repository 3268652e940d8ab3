#pragma once

#include "admin/deed.hpp"

namespace waybill::cli {

/// Keeps in the audit log what is done; says so when that fails.
void record(store::Store& store, const admin::Deed& deed);

}  // namespace waybill::cli
