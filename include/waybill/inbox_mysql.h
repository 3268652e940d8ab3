#pragma once

/// \file
/// The guards of the inbox for MySQL and MariaDB, on the caller's own connection and inside the caller's own
/// transaction. Link `waybill::inbox_mysql`; it needs libmariadb and nothing else of a store. Compiles as C++17, 20
/// and 23.
///
/// Threads: the connection is the caller's, and so is its thread rule.

#include <cstdint>
#include <string>

#include "waybill/inbox.h"
#include "waybill/result.h"

struct st_mysql;

namespace waybill::mysql {

/// Marks the operation as done in the open transaction, or tells that it was done before. Never raises a constraint
/// violation. A second transaction with the same mark waits for the first to end, for as long as its
/// innodb_lock_wait_timeout; `busy` then, and after a deadlock.
///
/// Errors: `invalid_argument` (empty or over 255 bytes: names the part); `refused` when no transaction is open on the
/// connection, since no effect would be protected, or it has already failed; `missing_schema` (says `waybill migrate`);
/// `busy`: roll back and try the whole transaction again; `unreachable`, `read_only`, `disk_full`. After an error roll
/// back: the effect is not protected.
Result<Once> once(st_mysql* connection, const Mark& mark);

using waybill::VersionedRow;

/// The optimistic lock: adds 1 to the row's version in the open transaction when it still is the expected one.
/// `applied` means that this transaction owns the change and may write the row's other columns. Errors as for once(),
/// and `invalid_argument` for a name that is none, `not_found` for a table or column that is not there.
Result<Version> bump_version(st_mysql* connection, const VersionedRow& row);

/// Removes the marks that are older than the retention, for the consumers that match the glob, at most `batch` rows, in
/// a transaction of its own, and moves the bound below which a message is `expired`. Call it outside of yours
/// (`refused` otherwise), again as long as it gives `batch`. Gives how many marks are gone.
Result<std::uint64_t> purge(st_mysql* connection, const std::string& consumer_glob, std::int64_t retention_seconds,
                            std::uint32_t batch = 1000);

}  // namespace waybill::mysql
