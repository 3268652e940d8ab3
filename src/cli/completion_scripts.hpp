#pragma once

/// \file
/// The completion scripts of the shells. Each walks the line to the command that is being typed, offers that command's
/// words, and asks `waybill completion --values` for what the configuration names.

#include <string>
#include <vector>

namespace waybill::cli {

/// What may follow one command: the names of its subcommands and options, and what the configuration names.
struct CommandWords {
  std::string path;  ///< `waybill failed list`
  std::string words;
  bool routes = false;
};

std::string bash_script(const std::vector<CommandWords>& all);
std::string zsh_script(const std::vector<CommandWords>& all);
std::string fish_script(const std::vector<CommandWords>& all);

}  // namespace waybill::cli
