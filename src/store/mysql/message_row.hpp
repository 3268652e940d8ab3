#pragma once

/// \file
/// Reads a message out of a row of waybill_outbox or waybill_retry.

#include <cstdint>
#include <string>

#include "store/mysql/connection.hpp"
#include "store/store.hpp"

namespace waybill::mysql {

/// The columns that read_message() expects first in a SELECT. Its one `?` is the largest payload that is loaded.
#define WAYBILL_MYSQL_MESSAGE_COLUMNS                                                               \
  "seq, id, topic, `key`, CASE WHEN LENGTH(headers) <= 1048576 THEN headers END, LENGTH(headers), " \
  "content_type, CAST(UNIX_TIMESTAMP(not_before) * 1000 AS SIGNED), created_at, LENGTH(payload), "  \
  "CASE WHEN LENGTH(payload) <= ? THEN payload END"

inline constexpr unsigned first_own_column = 11;  ///< the first column after them

struct MessageRow {
  std::int64_t seq = 0;
  Message message;
  std::int64_t stored_at_ms = 0;
  std::string defect;  ///< why the message can never be published; its good parts are there all the same
  std::string reason;  ///< with a defect: `malformed` or `too_large`
};

/// Whatever a program wrote into the row: this never fails.
MessageRow read_message(const Rows& rows, std::size_t row, std::uint64_t max_payload);

}  // namespace waybill::mysql
