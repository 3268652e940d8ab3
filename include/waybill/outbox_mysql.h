#pragma once

/// \file
/// Adds messages to a MySQL or MariaDB outbox on the caller's own connection and inside the caller's own transaction.
/// Link `waybill::outbox_mysql`; it needs libmariadb and nothing else. Compiles as C++17, 20 and 23.
///
/// Threads: the connection is the caller's, and so is its thread rule.

#include "waybill/message.h"
#include "waybill/result.h"

struct st_mysql;

namespace waybill::mysql {

/// Persists `message` in the transaction that is open on `connection`: it is published if and only if that transaction
/// commits. Blocks for one round trip. Gives the message's id, made (UUIDv7) when empty.
///
/// Errors: `invalid_argument` (empty topic, id, topic, key or header name over 255 bytes, headers not UTF-8) before
/// anything is written; `refused` when the connection is in autocommit (no transaction is open); `busy` (a lock or a
/// deadlock), `read_only`, `disk_full`, `missing_schema`, `unreachable` as the server reports them: roll the
/// transaction back.
Result<MessageId> send(st_mysql* connection, const Message& message);

}  // namespace waybill::mysql
