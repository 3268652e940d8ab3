#pragma once

#include "store/sqlite/message_row.hpp"
#include "store/store.hpp"

namespace waybill::sqlite {

/// What read_troubled() expects in a SELECT on waybill_retry.
#define WAYBILL_TROUBLED_COLUMNS \
  WAYBILL_MESSAGE_COLUMNS        \
  ", state, route, attempts, tries, reason, answer, changed_at, due_ms - (SELECT clock_ms FROM waybill_lane)"

store::Troubled read_troubled(const Statement& row, std::uint64_t max_payload);

}  // namespace waybill::sqlite
