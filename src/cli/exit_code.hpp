#pragma once

#include "waybill/result.h"

namespace waybill::cli {

/// What the process ends with; part of the contract with scripts.
enum ExitCode : int {
  done = 0,
  failed = 1,
  wrong_usage = 2,  ///< wrong usage or configuration
  unreachable = 3,  ///< a store or broker can't be reached
  nothing_matched = 4,
};

ExitCode exit_code(const Error& error) noexcept;

}  // namespace waybill::cli
