#pragma once

/// \file
/// What the store contract suite needs beside store.hpp: an empty store of some kind, a service's own transactions on
/// another connection, and a way to take a lane from its owner by force.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/store.hpp"

namespace waybill::contract {

/// A row as a service in another language writes it with plain SQL.
struct ServiceRow {
  std::string topic = "orders.created";
  std::optional<std::string> id;  ///< nullopt: the table's default
  std::optional<std::string> key;
  std::string payload = "{}";
  std::optional<std::string> headers;  ///< as text, not checked
  std::optional<std::int64_t> not_before_ms;
};

/// A transaction of a service, on a connection of its own. Rolled back when it is destroyed open. Failures end the test
/// by an exception.
class ServiceTransaction {
 public:
  virtual ~ServiceTransaction() = default;
  virtual void insert(const ServiceRow& row) = 0;
  virtual void commit() = 0;
  virtual void rollback() = 0;
  /// Begins a savepoint, or undoes everything since it.
  virtual void savepoint() = 0;
  virtual void rollback_to_savepoint() = 0;
};

class StoreRig {
 public:
  virtual ~StoreRig() = default;
  /// A store whose tables are there and empty; the same one each time.
  virtual store::Store& store() = 0;
  virtual std::unique_ptr<ServiceTransaction> begin() = 0;
  /// Takes the lane from its owner, whose object is still there: as a killed connection or a deleted lock file does.
  virtual void steal() = 0;
};

inline constexpr std::uint64_t rig_max_payload = 1u << 20;  ///< of every rig's store

/// Of the kind `memory`, `sqlite`, `postgresql`, `mysql` or `redis`. The servers need WAYBILL_TEST_POSTGRESQL and
/// WAYBILL_TEST_MARIADB, the URLs of servers on which databases may be created, and WAYBILL_TEST_REDIS, one with
/// thousands of databases to take.
std::unique_ptr<StoreRig> make_store_rig(std::string_view kind);

std::unique_ptr<StoreRig> make_memory_rig();
std::unique_ptr<StoreRig> make_sqlite_rig();
std::unique_ptr<StoreRig> make_postgresql_rig();
std::unique_ptr<StoreRig> make_mysql_rig();
std::unique_ptr<StoreRig> make_redis_rig();

}  // namespace waybill::contract
