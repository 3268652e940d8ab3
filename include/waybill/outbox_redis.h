#pragma once

/// \file
/// Adds messages to a Redis outbox on the caller's own connection, also inside the caller's own MULTI.
/// Link `waybill::outbox_redis`; it needs hiredis and nothing else. Compiles as C++17, 20 and 23.
///
/// Threads: the connection is the caller's, and so is its thread rule.

#include <cstdint>

#include "waybill/message.h"
#include "waybill/result.h"

struct redisContext;

namespace waybill::redis {

/// Persists `message` by `FCALL waybill_send`. After `MULTI` on the same connection it is queued, and persisted by the
/// `EXEC` together with the caller's own writes, or not at all. Blocks for one round trip. Gives the message's id, made
/// (UUIDv7) when empty. `lanes` is the store's number of lanes (1 to 16): messages of one key always go to the same
/// one. The connection must not be one that replies are still to be read from.
///
/// What has been persisted survives a crash of the server as far as its `appendfsync` says; see `waybill doctor`.
///
/// Errors: `invalid_argument` (empty topic, id, topic, key or header name over 255 bytes, headers not UTF-8, lanes out
/// of range) before anything is sent; `missing_schema` (no `waybill migrate` yet), `disk_full` (maxmemory is reached),
/// `read_only` (a replica), `unauthorized`: nothing was persisted, and an open MULTI will not execute; `in_doubt`: the
/// connection was lost, the message may be persisted.
Result<MessageId> send(redisContext* connection, const Message& message, std::uint32_t lanes = 1);

}  // namespace waybill::redis
