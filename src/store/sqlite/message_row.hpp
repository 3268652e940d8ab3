#pragma once

/// \file
/// Reads a message out of a row of waybill_outbox or waybill_retry.

#include <cstdint>

#include "store/sqlite/connection.hpp"
#include "store/store.hpp"

namespace waybill::sqlite {

/// Unix milliseconds, however the service wrote them.
#define WAYBILL_NOT_BEFORE_MS                                                                                   \
  "CASE WHEN typeof(not_before) = 'text' THEN CAST((julianday(not_before) - 2440587.5) * 86400000 AS INTEGER) " \
  "     WHEN not_before < 1e11 THEN CAST(not_before * 1000 AS INTEGER) ELSE CAST(not_before AS INTEGER) END"

/// The columns that read_message() expects first in a SELECT. `?1` is the largest payload that is loaded.
#define WAYBILL_MESSAGE_COLUMNS                                        \
  "seq, id, topic, key, headers, content_type, " WAYBILL_NOT_BEFORE_MS \
  ", "                                                                 \
  "typeof(not_before) = 'text', created_at, length(payload), CASE WHEN length(payload) <= ?1 THEN payload END"

inline constexpr int first_own_column = 11;  ///< the first column after them

struct MessageRow {
  std::int64_t seq = 0;
  Message message;
  std::int64_t stored_at_ms = 0;
  std::string defect;  ///< why the message can never be published; its good parts are there all the same
  std::string reason;  ///< with a defect: `malformed` or `too_large`
};

/// Whatever a program wrote into the row: this never fails.
MessageRow read_message(const Statement& row, std::uint64_t max_payload);

}  // namespace waybill::sqlite
