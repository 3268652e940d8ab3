#include "store_rig.hpp"

#include <stdexcept>

namespace waybill::contract {

std::unique_ptr<StoreRig> make_store_rig(std::string_view kind) {
  if (kind == "memory") return make_memory_rig();
  if (kind == "sqlite") return make_sqlite_rig();
  if (kind == "postgresql") return make_postgresql_rig();
  if (kind == "mysql") return make_mysql_rig();
  if (kind == "redis") return make_redis_rig();
  throw std::invalid_argument{"no rig for the store kind " + std::string{kind}};
}

}  // namespace waybill::contract
