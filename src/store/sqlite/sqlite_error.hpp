#pragma once

/// \file
/// What SQLite's result codes mean to Waybill: shared by the store, the outbox function and the inbox.

#include <string_view>

#include "waybill/result.h"

struct sqlite3;

namespace waybill::sqlite {

/// The code for a result code, primary or extended (sqlite.org/rescode.html). SQLite has none for a missing table, so
/// the words are read too.
ErrorCode code_of_result(int result, std::string_view words) noexcept;

/// The error of the connection's last call. `doing` says what was tried (`can't add to waybill_outbox`); SQLite's words
/// and the remedy follow.
Error statement_error(sqlite3* connection, std::string_view doing);

}  // namespace waybill::sqlite
