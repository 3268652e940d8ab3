#pragma once

/// \file
/// What PostgreSQL's errors mean to Waybill: shared by the store, the outbox function and the inbox.

#include <string_view>

#include "waybill/result.h"

struct pg_conn;
struct pg_result;

namespace waybill::postgresql {

/// The code for a five-character SQLSTATE (PostgreSQL 15 manual, appendix A); `internal` for one that says nothing.
ErrorCode code_of_sqlstate(std::string_view sqlstate) noexcept;

/// The error of a statement that failed. `doing` says what was tried (`can't add to waybill.outbox`); the server's
/// words and the remedy follow. `result` may be null: then only the connection is asked.
Error statement_error(pg_conn* connection, const pg_result* result, std::string_view doing);

/// The error of a connection that could not be made. `where` names the server without its password. libpq gives no
/// SQLSTATE here, so the server's words are read.
Error connect_error(pg_conn* connection, std::string_view where);

}  // namespace waybill::postgresql
