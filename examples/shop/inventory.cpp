/// The inventory service: takes each line's units from the product's stock, once, by the guard that it is told to use.

#include "inventory.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace {

using shop::InventoryOptions;
using shop::Work;

waybill::Result<std::unique_ptr<Work>> work_of(const InventoryOptions& options) {
  if (options.guard == "sharded") return shop::inventory_in_shards(options.shards);
  if (options.guard == "redis") return shop::inventory_in_redis(options.redis, false);
  if (options.guard == "cache") return shop::inventory_in_redis(options.redis, true);
  if (options.guard == "both") return shop::inventory_in_both(options.redis);
  return shop::inventory_in_sql();
}

}  // namespace

int main(int argc, char** argv) {
  InventoryOptions inventory;
  const auto service = shop::service_options("inventory", argc, argv, [&](CLI::App& app) {
    app.add_option("--guard", inventory.guard, "what makes it idempotent")
        ->check(CLI::IsMember({"once", "sharded", "redis", "both", "cache"}))
        ->capture_default_str();
    app.add_option("--redis", inventory.redis, "for redis, both and cache: redis://:password@host:port/database");
    app.add_option("--shard", inventory.shards, "for sharded: NAME=URL of each database");
  });
  auto work = work_of(inventory);
  if (!work) {
    std::cerr << "inventory: " << work.error().message() << std::endl;
    return 2;
  }
  return shop::run_service(service, **work);
}
