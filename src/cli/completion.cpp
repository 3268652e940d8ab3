#include <CLI/App.hpp>
#include <memory>
#include <vector>

#include "cli/command_tree.hpp"
#include "cli/completion_scripts.hpp"
#include "cli/session.hpp"

namespace waybill::cli {
namespace {

std::string option_words(const CLI::App& command) {
  std::string words;
  for (const auto* option : command.get_options([](const CLI::Option* o) { return o->nonpositional(); })) {
    for (const auto& name : option->get_lnames()) words += " --" + name;
    for (const auto& name : option->get_snames()) words += " -" + name;
  }
  return words;
}

void collect(const CLI::App& command, const std::string& path, const std::string& inherited,
             std::vector<CommandWords>& all) {
  std::string words = option_words(command) + inherited;
  for (const auto* sub : commands_of(command)) words += " " + sub->get_name();
  const bool takes_route = command.get_option_no_throw("route") != nullptr;
  all.push_back({path, words.substr(words.find_first_not_of(' ')), takes_route});
  for (const auto* sub : commands_of(command)) {
    collect(*sub, path + " " + sub->get_name(), " --config --json", all);
  }
}

/// What the configuration names, one a line; nothing when it can't be read, since nobody reads an error at a prompt.
int print_values(const Session& session, const std::string& kind) {
  const auto config = session.load();
  if (!config) return done;
  if (kind == "stores") {
    for (const auto& store : config->stores) session.print(store.name + "\n");
  } else {
    for (const auto& route : config->routes) session.print(route.topic + "\n");
  }
  return done;
}

struct Options {
  std::string shell, values;
};

int run(const CLI::App& app, const Session& session, const Options& options) {
  if (!options.values.empty()) return print_values(session, options.values);
  if (options.shell.empty())
    return fail({ErrorCode::invalid_argument, "name the shell: `waybill completion bash`, zsh or fish"});
  std::vector<CommandWords> all;
  collect(app, "waybill", "", all);
  const auto script = options.shell == "bash" ? bash_script : options.shell == "zsh" ? zsh_script : fish_script;
  session.print(script(all));
  return done;
}

}  // namespace

void add_completion(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("completion", "Print a completion script for bash, zsh or fish");
  auto options = std::make_shared<Options>();
  auto* shell =
      command->add_option("shell", options->shell, "bash, zsh or fish")->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->add_option("--values", options->values, "What the configuration names, for the scripts: stores or routes")
      ->check(CLI::IsMember({"stores", "routes"}))
      ->excludes(shell);
  command->callback([&app, &session, options] {
    session.action = [&app, &session, options] { return run(app, session, *options); };
  });
}

}  // namespace waybill::cli
