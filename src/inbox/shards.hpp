#pragma once

/// \file
/// The shards of an inbox as people and tools see them, and how one is added. Consumers use `waybill/inbox_sharded.h`.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "waybill/result.h"

namespace waybill::inbox {

struct ShardState {
  std::string name;
  std::uint64_t version = 0;        ///< of the map it works with; 0: it is no shard yet
  std::vector<std::string> former;  ///< not empty: it still takes over its share from these
  std::optional<Error> error;       ///< it could not be asked
};

/// What a change is doing. Told from time to time.
struct ShardProgress {
  enum class Step {
    installing,  ///< tells each shard of the new map
    waiting,     ///< until no transaction at `from` works with the map before
    copying,     ///< marks from `from`
  };
  Step step = Step::installing;
  std::string shard, from;
  std::uint64_t marks = 0;  ///< taken over so far
};

/// Asks each of the stores. Blocks for 5 s at most for one that is down.
std::vector<ShardState> look_at_shards(const std::vector<StoreConfig>& stores);

/// Makes the stores the shards of one inbox: all of them when there are none yet, else those that are new, one after
/// the other; and completes what an earlier call was stopped at. Consumers go on meanwhile. May be killed and called
/// again at any time. Blocks until every new shard has the marks of its share, which can be no sooner than the
/// transactions end that were open when it was added; `progress` stops it by answering false. Gives how many were
/// added.
///
/// Errors: `refused` when a shard in use is not among the stores (shards can be added only), or when a database that is
/// to become a shard has marks already; `invalid_configuration` when a database is another shard than the one it is
/// called; `unsupported` for a store that is not PostgreSQL; `unreachable`: all shards are needed; `busy` when somebody
/// else is at it for more than 2 s; `missing_schema`; `timeout` when stopped by `progress`.
Result<std::uint64_t> apply_shards(const std::vector<StoreConfig>& stores,
                                   const std::function<bool(const ShardProgress&)>& progress);

}  // namespace waybill::inbox
