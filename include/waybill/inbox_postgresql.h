#pragma once

/// \file
/// The guards of the inbox for PostgreSQL, on the caller's own connection and inside the caller's own transaction.
/// Link `waybill::inbox_postgresql`; it needs libpq and nothing else of a store. Compiles as C++17, 20 and 23.
///
/// Threads: the connection is the caller's, and so is its thread rule.

#include <cstdint>
#include <string>

#include "waybill/inbox.h"
#include "waybill/result.h"

struct pg_conn;

namespace waybill::postgresql {

/// Marks the operation as done in the open transaction, or tells that it was done before. Never raises a constraint
/// violation. A second transaction that marks the same operation waits for the first to end.
///
/// Errors: `invalid_argument` (empty or over 255 bytes: names the part); `refused` when no transaction is open on the
/// connection, since no effect would be protected; `missing_schema` (says `waybill migrate`); `busy` for a deadlock,
/// serialization failure or lock time-out: roll back and try the whole transaction again; `unreachable`.
Result<Once> once(pg_conn* connection, const Mark& mark);

/// The optimistic lock: `UPDATE table SET version = version + 1 WHERE id_column = id AND version = expected` in the open
/// transaction. `applied` means this transaction owns the change and may write the row's other columns.
/// `table`, `id_column` and `version_column` are names, checked against [A-Za-z_][A-Za-z0-9_.]*; `id` is bound.
/// Errors as for once().
struct VersionedRow {
  std::string table;
  std::string id_column = "id";
  std::string version_column = "version";
  std::string id;
  std::int64_t expected = 0;
};
Result<Version> bump_version(pg_conn* connection, const VersionedRow& row);

/// Removes marks older than the retention (PostgreSQL: whole partitions; SQLite: at most `batch` rows a call) and moves
/// the bound below which a message is `expired`. Opens its own transaction: call it outside of yours. Gives how many
/// marks are gone (PostgreSQL: an estimate).
Result<std::uint64_t> purge(pg_conn* connection, const std::string& consumer_glob, std::int64_t retention_seconds,
                            std::uint32_t batch = 1000);

}  // namespace waybill::postgresql
