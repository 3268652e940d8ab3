#pragma once

/// \file
/// One function a store: its folder defines it, `registry.cpp` calls it. None opens a connection.

#include <memory>

#include "store/store.hpp"

namespace waybill::store {

Result<std::unique_ptr<Store>> open_sqlite_store(const StoreConfig& config);
Result<std::unique_ptr<Store>> open_postgresql_store(const StoreConfig& config);
Result<std::unique_ptr<Store>> open_mysql_store(const StoreConfig& config);
Result<std::unique_ptr<Store>> open_redis_store(const StoreConfig& config);
Result<std::unique_ptr<Store>> open_memory_store(const StoreConfig& config);

}  // namespace waybill::store
