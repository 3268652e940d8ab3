#pragma once

/// \file
/// The guard `once` over several PostgreSQL databases, the shards, when the marks are too many for one. Link
/// `waybill::inbox_postgresql`. Compiles as C++17, 20 and 23.
///
/// A unique ID belongs to one shard, found by rendezvous hashing, and its effect is made there: mark and effect are in
/// one transaction of that shard. Shards are added while consumers run, by `waybill inbox shards apply`; a consumer
/// learns of it by itself. A shard that is down stops its own unique IDs only, and, while a new shard takes over from
/// it, the ones that are on their way.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "waybill/inbox.h"
#include "waybill/result.h"

struct pg_conn;

namespace waybill::postgresql {

/// One database of a sharded inbox. The name decides which unique IDs belong to it, the URL only where it is.
struct Shard {
  std::string name;  ///< as in `[inbox] shards` of the configuration
  std::string url;   ///< `postgresql://user:password@host/database`, or any other form that libpq takes
};

/// Knows which shard decides about a unique ID. Used by one thread at a time; an object for each thread is as good,
/// they need not know the same set of shards.
class ShardedInbox {
 public:
  /// Asks the shards which of them are in use. Blocks until all have answered, 5 s at most for one that is down; shards
  /// that are down are left out as long as one answers. More shards than are in use are no error: they wait for
  /// `waybill inbox shards apply`.
  ///
  /// Errors: `invalid_configuration` when a shard in use is not in the list, or a database is not the shard that the
  /// list calls it; `refused` when the databases are no shards yet; `unreachable` when no shard answers;
  /// `missing_schema`.
  static Result<ShardedInbox> open(std::vector<Shard> shards);

  ShardedInbox(ShardedInbox&&) noexcept;
  ShardedInbox& operator=(ShardedInbox&&) noexcept;
  ~ShardedInbox();

  /// The name of the shard in whose database the operations on this unique ID are marked and done, as far as this
  /// object knows. Does not block.
  const std::string& shard_of(std::string_view unique_id) const;

  /// Like waybill::postgresql::once(), in the transaction that the caller has opened at shard_of(mark.unique_id). While
  /// a new shard takes over its share, this also asks the former one, on a connection of its own, and then blocks for
  /// as long as somebody's transaction there is open that did the same operation, 5 s at most.
  ///
  /// Errors: as for once(); `busy` when another shard decides since a moment ago: roll back, ask shard_of() again and
  /// go on there; `unreachable` also when the former shard is needed and down. After an error roll back: the effect is
  /// not protected.
  Result<Once> once(pg_conn* connection, const Mark& mark);

 private:
  class Client;
  explicit ShardedInbox(std::unique_ptr<Client> client);
  std::unique_ptr<Client> client_;
};

}  // namespace waybill::postgresql
