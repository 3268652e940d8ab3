#pragma once

#include <cstdint>
#include <string_view>

#include "store/store.hpp"

namespace waybill::admin {

/// Reads a point in time: a span before `now_ms` (`2h`, `30m`), or a date and time in UTC (`2026-11-24`,
/// `2026-11-24T18:30:00Z`). Gives Unix milliseconds.
Result<std::int64_t> parse_when(std::string_view text, std::int64_t now_ms);

/// Sets one condition of a filter: topic, key, reason, cause, since, until, id, state. Unknown names are errors that
/// name the nearest one.
Status add_condition(std::string_view name, std::string_view value, std::int64_t now_ms, store::FailedFilter& filter);

/// Reads a search line, `topic:orders.* reason:unroutable since:2h key:17`, into `filter`. A value with spaces stands
/// in double quotes.
Status parse_search(std::string_view line, std::int64_t now_ms, store::FailedFilter& filter);

/// Unix milliseconds by this host's clock: only to turn what a person typed into a filter, and to show ages.
std::int64_t wall_clock_ms();

/// `2026-11-24T18:30:00.123Z`
std::string format_when(std::int64_t unix_ms);

}  // namespace waybill::admin
