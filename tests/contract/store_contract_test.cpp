// The stores that keep the contract. A new one is one line here and a rig.

#include "store_suite.hpp"

namespace waybill::contract {
namespace {

const auto kind_name = [](const auto& info) { return std::string{info.param}; };

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, testing::Values("memory", "sqlite", "postgresql", "mysql", "redis"),
                         kind_name);
// SQLite lets one transaction write at a time, and Redis runs one after the other.
INSTANTIATE_TEST_SUITE_P(Stores, ConcurrentStoreContract, testing::Values("memory", "postgresql", "mysql"), kind_name);

}  // namespace
}  // namespace waybill::contract
