#pragma once

#include <string>
#include <vector>

#include "store/store.hpp"

namespace waybill::cli {

/// Below a table of causes: each reason once, with what it means and what to do, in the language of the environment.
std::string remedies(const std::vector<store::FailedGroup>& groups);

}  // namespace waybill::cli
