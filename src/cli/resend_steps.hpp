#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "admin/failed.hpp"
#include "cli/progress.hpp"

namespace waybill::cli {

/// How carefully failed messages are sent again.
struct ResendPace {
  double rate = 0;                   ///< messages a second; 0: as fast as the store takes them
  std::vector<std::uint64_t> steps;  ///< sizes of the first slices; after each the answers are awaited
  double stop_at = 0.1;              ///< share of a step that may fail again
};

struct BulkOrder {
  store::Store& store;
  const admin::BulkPlan& plan;
  admin::BulkAct act;
  std::string who, why;
  ResendPace pace;
};

struct BulkOutcome {
  std::uint64_t changed = 0;
  std::uint64_t failed_again = 0;  ///< seen while steps were awaited
  std::string stopped;             ///< why it ended before its end; empty: it did not
};

/// Performs the plan slice by slice. Blocks until done; with steps it also waits, up to a minute each, for the relay to
/// have an answer for every message of the step.
Result<BulkOutcome> carry_out(const BulkOrder& order, const Terminal& terminal);

}  // namespace waybill::cli
