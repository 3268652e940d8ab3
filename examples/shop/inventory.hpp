#pragma once

/// \file
/// The ways in which the inventory service can be idempotent: one for each guard of the inbox.

#include <memory>
#include <string>
#include <vector>

#include "service.hpp"

namespace shop {

struct InventoryOptions {
  std::string guard = "once";       ///< once, sharded, redis, both or cache
  std::string redis;                ///< for redis, both and cache: `redis://:password@host:port/0`
  std::vector<std::string> shards;  ///< for sharded: NAME=URL of each database
};

/// `once`, by product, order and line, and `version` on the product's row: the stock is in the service's database.
std::unique_ptr<Work> inventory_in_sql();

/// `once` over several PostgreSQL databases: each product's movements are in the database that its marks are in.
waybill::Result<std::unique_ptr<Work>> inventory_in_shards(const std::vector<std::string>& shards);

/// The stock is in Redis, each effect one atomic step with its mark. With `journal` it leaves an entry for `waybill
/// sync`, which brings movements and stock into the database.
waybill::Result<std::unique_ptr<Work>> inventory_in_redis(const std::string& url, bool journal);

/// The stock is in Redis, the movements in the database: both or neither.
waybill::Result<std::unique_ptr<Work>> inventory_in_both(const std::string& url);

}  // namespace shop
