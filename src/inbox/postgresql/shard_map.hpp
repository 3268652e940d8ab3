#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inbox/postgresql/query.hpp"
#include "waybill/result.h"

namespace waybill::inbox::postgresql {

/// Which shards there are. Version 0: none yet.
struct ShardMap {
  std::uint64_t version = 0;
  std::vector<std::string> shards;
};

/// The shard that a unique ID belongs to, as `waybill.shard_owner` computes it. `shards` is not empty.
const std::string& owner(const std::vector<std::string>& shards, std::string_view unique_id);

/// One shard's own view.
struct ShardView {
  ShardMap map;
  std::string own;                  ///< what it is called in the map
  std::vector<std::string> former;  ///< not empty: it takes over its share from these
  bool bounded = true;              ///< the map is installed to the end, see install() in shards.cpp
};

/// Reads what the connection's database knows.
Result<ShardView> view(PGconn* connection);

/// Names as a PostgreSQL array, for example `{"a","b"}`, and back. The names of shards hold no quotes.
std::string array_of(const std::vector<std::string>& names);
std::vector<std::string> names_in(std::string_view array);

}  // namespace waybill::inbox::postgresql
