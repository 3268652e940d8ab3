#pragma once

#include <cstdint>

namespace waybill::postgresql {

/// The first key of Waybill's advisory locks: "wayb". The second is the lane, or one of the numbers below.
inline constexpr std::int32_t advisory_class = 2002876770;
inline constexpr std::int32_t wake_lock = -1;     ///< see schema/010_waybill.sql, trigger wake
inline constexpr std::int32_t migrate_lock = -2;  ///< one migration at a time

}  // namespace waybill::postgresql
