#pragma once

#include "store/mysql/message_row.hpp"
#include "store/store.hpp"

namespace waybill::mysql {

/// What read_troubled() expects in a SELECT on waybill_retry.
#define WAYBILL_MYSQL_TROUBLED_COLUMNS \
  WAYBILL_MYSQL_MESSAGE_COLUMNS        \
  ", state, route, attempts, tries, reason, answer, changed_at, due_ms - (SELECT clock_ms FROM waybill_lane LIMIT 1)"

store::Troubled read_troubled(const Rows& rows, std::size_t row, std::uint64_t max_payload);

}  // namespace waybill::mysql
