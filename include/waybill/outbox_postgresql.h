#pragma once

/// \file
/// Adds messages to a PostgreSQL outbox on the caller's own connection and inside the caller's own transaction.
/// Link `waybill::outbox_postgresql`; it needs libpq and nothing else. Compiles as C++17, 20 and 23.
///
/// Threads: the connection is the caller's, and so is its thread rule. Nothing is kept between calls but one prepared
/// statement per connection.

#include "waybill/message.h"
#include "waybill/result.h"

struct pg_conn;  // PGconn of libpq

namespace waybill::postgresql {

/// Persists `message` in the transaction that is open on `connection`: it is published if and only if that transaction
/// commits. Blocks for one round trip (two on the first call of a connection). Gives the message's id, made (UUIDv7)
/// when it was empty.
///
/// Errors: `invalid_argument` (empty topic, id, topic, key or header name over 255 bytes, headers not UTF-8) before
/// anything is sent; `refused` when no transaction is open, or it has already failed; `missing_schema`, `unauthorized`,
/// `read_only`, `disk_full`, `unreachable` from the server. After an error from the server the transaction has failed:
/// roll back.
Result<MessageId> send(pg_conn* connection, const Message& message);

}  // namespace waybill::postgresql
