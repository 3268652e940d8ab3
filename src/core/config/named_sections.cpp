#include <algorithm>

#include "core/config/sections.hpp"

namespace waybill::config {
namespace {

bool is_name(std::string_view name) noexcept {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

template <class Config>
std::vector<Config> read_named(const Entry& root, Findings& findings, Config (*read)(const Entry&, Findings&)) {
  std::vector<Config> configs;
  if (root.value.kind != Value::Kind::table) {
    findings.add(root.place, "'" + root.name + "' needs a name: write [" + root.name + ".NAME]");
    return configs;
  }
  for (const auto& entry : root.value.entries) {
    if (entry.value.kind != Value::Kind::table) {
      findings.add(entry.place, "'" + entry.name + "' stands directly in [" + root.name +
                                    "], which needs a name: write [" + root.name + ".NAME]");
      continue;
    }
    if (!is_name(entry.name)) {
      findings.add(entry.place, "the name of a " + root.name + " has 1 to 64 letters, digits, '_' or '-'");
    }
    configs.push_back(read(entry, findings));
  }
  return configs;
}

}  // namespace

std::vector<StoreConfig> read_stores(const Entry& root, Findings& findings) {
  return read_named<StoreConfig>(root, findings, read_store);
}

std::vector<BrokerConfig> read_brokers(const Entry& root, Findings& findings) {
  return read_named<BrokerConfig>(root, findings, read_broker);
}

}  // namespace waybill::config
