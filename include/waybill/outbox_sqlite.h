#pragma once

/// \file
/// Adds messages to a SQLite outbox on the caller's own connection and inside the caller's own transaction.
/// Link `waybill::outbox_sqlite`; it needs SQLite and nothing else. Compiles as C++17, 20 and 23.
///
/// Threads: the connection is the caller's, and so is its thread rule.

#include "waybill/message.h"
#include "waybill/result.h"

struct sqlite3;

namespace waybill::sqlite {

/// Persists `message` in the transaction that is open on `connection`: it is published if and only if that transaction
/// commits. Does not block, except for SQLite's own busy handling. Gives the message's id, made (UUIDv7) when empty.
///
/// Errors: `invalid_argument` (empty topic, id, topic, key or header name over 255 bytes, headers not UTF-8) before
/// anything is written; `refused` when the connection is in autocommit (no transaction is open); `busy`, `read_only`,
/// `disk_full`, `missing_schema` as SQLite reports them: the transaction is still open, roll it back.
Result<MessageId> send(sqlite3* connection, const Message& message);

}  // namespace waybill::sqlite
