#pragma once

#include <cstdint>
#include <limits>

namespace waybill::store {

/// A place in the order of a retry table's due times.
struct DuePosition {
  std::int64_t due_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t seq = std::numeric_limits<std::int64_t>::min();
};

}  // namespace waybill::store
