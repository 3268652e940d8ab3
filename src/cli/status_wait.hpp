#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "admin/condition.hpp"
#include "admin/status.hpp"
#include "cli/session.hpp"
#include "core/time.hpp"

namespace waybill::cli {

struct DrainWait {
  Duration interval{};                         ///< from one look to the next
  std::optional<Duration> limit;               ///< how long at most
  std::vector<admin::Condition> give_up_when;  ///< any of them holds
};

/// Looks until nothing is *sending* in the stores, until it gives up or the time is over, and shows on stderr how far
/// it is. Gives the last look. An error when a store can't be read at the first look or at the last; one that goes away
/// between them is waited for: what is in it is not sent.
Result<admin::StatusReport> wait_drained(const Session& session, const Config& config,
                                         std::span<const std::unique_ptr<store::Store>> stores, const DrainWait& wait);

/// Messages that are *sending* in all stores of the report.
std::uint64_t sending_in(const admin::StatusReport& report);

}  // namespace waybill::cli
