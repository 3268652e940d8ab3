#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace waybill::cli {

/// Those directly below it.
inline std::vector<const CLI::App*> commands_of(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App*) { return true; });
}

/// `waybill failed resend`, from the names up to the root.
inline std::string path_of(const CLI::App& command) {
  const auto* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : path_of(*parent) + " " + command.get_name();
}

}  // namespace waybill::cli
