#pragma once

/// \file
/// Tables whose entries have names that the user gives: `[store.NAME]`.

#include <string>
#include <vector>

#include "core/config/section.hpp"

namespace waybill::config {

/// 1 to 64 letters, digits, '_' or '-'.
bool is_name(std::string_view name) noexcept;

/// Reads each entry of the table `root`. `table` is how it is written: `store`, `http.token`.
template <class Config>
std::vector<Config> read_named(const Entry& root, const std::string& table, Findings& findings,
                               Config (*read)(const Entry&, Findings&)) {
  std::vector<Config> configs;
  if (root.value.kind != Value::Kind::table) {
    findings.add(root.place, "'" + table + "' needs a name: write [" + table + ".NAME]");
    return configs;
  }
  for (const auto& entry : root.value.entries) {
    if (entry.value.kind != Value::Kind::table) {
      findings.add(entry.place, "'" + entry.name + "' stands directly in [" + table + "], which needs a name: write [" +
                                    table + ".NAME]");
      continue;
    }
    if (!is_name(entry.name)) {
      findings.add(entry.place, "the name of a " + root.name + " has 1 to 64 letters, digits, '_' or '-'");
    }
    configs.push_back(read(entry, findings));
  }
  return configs;
}

}  // namespace waybill::config
