#include "core/config/named_sections.hpp"

#include <algorithm>

#include "core/config/sections.hpp"

namespace waybill::config {

bool is_name(std::string_view name) noexcept {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

std::vector<StoreConfig> read_stores(const Entry& root, Findings& findings) {
  return read_named<StoreConfig>(root, "store", findings, read_store);
}

std::vector<BrokerConfig> read_brokers(const Entry& root, Findings& findings) {
  return read_named<BrokerConfig>(root, "broker", findings, read_broker);
}

}  // namespace waybill::config
