#pragma once

/// \file
/// The guard of the inbox for Redis: checks, marks and applies the effect of one operation in one atomic step, on the
/// caller's own connection. Link `waybill::inbox_redis`; it needs hiredis and nothing else. The store's `waybill
/// migrate` loads the functions. Compiles as C++17, 20 and 23.
///
/// Threads: the connection is the caller's, and so is its thread rule.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "waybill/inbox.h"
#include "waybill/message.h"
#include "waybill/result.h"

struct redisContext;

namespace waybill::redis {

/// One change of one key. All keys of one operation must have the same hash tag, for example `{chair}:stock` and
/// `{chair}:orders`, and no key (no field of a hash) may be changed twice.
struct Effect {
  std::string name;
  std::string key;
  std::vector<std::string> words;
};

/// DECRBY that never goes below zero. Whole numbers of up to 15 digits, here and below.
Effect take(std::string key, std::int64_t amount);
/// INCRBY.
Effect add(std::string key, std::int64_t amount);
Effect set(std::string key, std::string value);
Effect hash_set(std::string key, std::string field, std::string value);
Effect hash_add(std::string key, std::string field, std::int64_t amount);
/// HINCRBY downwards, never below zero.
Effect hash_take(std::string key, std::string field, std::int64_t amount);
/// An entry for `waybill sync`, in the same step: `apply` names one of the statements of `[sync.NAME.apply]`, `entity`
/// is the thing whose entries must be applied in order, `fields` are what the statement's `:field` stand for. With
/// `limit` entries waiting the operation is refused (Applied::full), so that a database that is away does not fill
/// Redis; 0: no limit.
Effect journal(std::string key, std::string apply, std::string entity,
               std::vector<std::pair<std::string, std::string>> fields, std::uint64_t limit = 0);

/// A message of the outbox, persisted in the same step (as waybill_send does, see outbox_redis.h): the effect and the
/// news of it stand and fall together. An empty id is made. On a cluster the other keys must have the hash tag of the
/// message's lane, for example `{waybill:0}`. Errors: `invalid_argument`, as for send() in outbox_redis.h.
Result<Effect> send(const Message& message, std::uint32_t lanes = 1);

/// What became of an operation.
struct Applied {
  enum class Result {
    fresh,       ///< `new`: marked and applied
    duplicate,   ///< done before: nothing was changed
    conflict,    ///< done before with another digest: nothing was changed, both digests are kept
    expired,     ///< the message is older than marks are kept: nothing was changed
    too_little,  ///< `short`: a take would go below zero: nothing was changed or marked
    full,        ///< the journal has reached its limit: nothing was changed or marked; try again later
  };
  Result result = Result::fresh;
  std::vector<std::string> values;  ///< fresh: what each effect left behind; too_little, full: what was found
};

/// Does the effects, all or none, unless the operation was done before. Blocks for one round trip. A mark is kept for
/// `retention`, in the same slot as the first key; with no effects (give any key) it is the guard `once` alone. What
/// was answered survives a crash of the server as far as its `appendfsync` says.
///
/// Errors: `invalid_argument` (a part of the mark that is empty or over 255 bytes, no number, keys of several slots:
/// names it), `missing_schema` (no `waybill migrate` yet), `disk_full` (maxmemory), `read_only`, `unauthorized`:
/// nothing was changed; `in_doubt`: the connection was lost; call again with the same mark, which tells.
Result<Applied> apply(redisContext* connection, const Mark& mark, const std::vector<Effect>& effects,
                      std::chrono::seconds retention = std::chrono::hours{24 * 30}, const std::string& key = {});

/// A step of the guard "both or neither": Redis and an SQL database change together.
///
/// 1. reserve() in Redis; unless it answers `reserved`, there is nothing to do in SQL.
/// 2. In one SQL transaction: once() with the operation's mark, once() with attempt_mark(), the effect, commit. When
/// the
///    second once() is not `new`, the attempt was given up: roll back, and let the message come again. When the first
///    one is `duplicate`, SQL has the effect already: roll back, and go on with complete(), since SQL decides.
/// 3. complete() in Redis, then acknowledge. After a rollback that is certain: release().
///
/// What a crash leaves between is settled by `waybill inbox reconcile`.
struct Reserved {
  enum class Result {
    reserved,    ///< go on with SQL
    pending,     ///< reserved already, by another consumer or before a crash: let the message come again later
    duplicate,   ///< done in both
    conflict,    ///< done with another digest
    expired,     ///< older than marks are kept
    too_little,  ///< `short`: a take would go below zero
    full,        ///< the journal has reached its limit
  };
  Result result = Result::reserved;
  std::string attempt;              ///< reserved and pending: names this attempt
  std::vector<std::string> values;  ///< reserved: what each effect left behind; empty for those that wait
};

/// Effects that can be undone (take, add, hash_take, hash_add) are done now, the others with complete(). Otherwise as
/// apply().
Result<Reserved> reserve(redisContext* connection, const Mark& mark, const std::vector<Effect>& effects,
                         std::chrono::seconds retention = std::chrono::hours{24 * 30});

/// What the SQL transaction marks beside the operation itself, so that an attempt that was given up can't commit.
Mark attempt_mark(const std::string& attempt);

/// What complete() and release() found.
enum class Ended {
  done,       ///< it is what was asked for
  duplicate,  ///< it was completed before
  gone,       ///< this attempt was given up
};

/// After the commit in SQL; `key` is one of the operation's. Errors as apply(); after `in_doubt` call it again.
Result<Ended> complete(redisContext* connection, const Mark& mark, const std::string& attempt, const std::string& key);
/// After a rollback that certainly happened: undoes what was reserved.
Result<Ended> release(redisContext* connection, const Mark& mark, const std::string& attempt, const std::string& key);

}  // namespace waybill::redis
