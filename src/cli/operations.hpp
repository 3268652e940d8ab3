#pragma once

#include <cstddef>
#include <string>

#include "cli/session.hpp"

namespace waybill::cli {

/// Shows the newest operations of the store, the only one when `store` is empty, and gives the exit code.
int list_operations(const Session& session, const std::string& store, std::size_t limit);

}  // namespace waybill::cli
