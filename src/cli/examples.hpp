#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace waybill::cli {

/// A line that somebody may type, and what it is for.
struct Example {
  std::string line, what;
};

/// Those of the command with this path (`waybill failed`) and of all below it.
std::vector<Example> examples_of(std::string_view path);

/// Each with what it is for on the next line.
std::string in_lines(const std::vector<Example>& examples);

/// Makes `--help` of all below this command show theirs.
void show_examples_in_help(CLI::App& command);

}  // namespace waybill::cli
