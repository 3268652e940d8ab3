#pragma once

/// \file
/// Prepares a statement the first time a connection that is not ours is used, and remembers it with that connection.

#include <libpq-fe.h>

#include <span>

#include "waybill/result.h"

namespace waybill::postgresql {

/// True: `name` is prepared on `connection`. False: this connection keeps no prepared statements (a pooler is between);
/// run the SQL itself. One round trip the first time, none later. An error leaves the open transaction failed. Only one
/// statement a connection is remembered.
Result<bool> prepare_once(PGconn* connection, const char* name, const char* sql, std::span<const Oid> types);

/// Whether `result` failed because the prepared statement is gone. From then on the connection does without.
bool forget_if_lost(PGconn* connection, const PGresult* result);

}  // namespace waybill::postgresql
