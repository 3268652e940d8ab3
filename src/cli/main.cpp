#include <sys/prctl.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "admin/errors.hpp"
#include "cli/command_tree.hpp"
#include "cli/examples.hpp"
#include "cli/session.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

void add_commands(CLI::App& app, Session& session) {
  add_init(app, session);
  add_check(app, session);
  add_migrate(app, session);
  add_doctor(app, session);
  add_send(app, session);
  add_relay(app, session);
  add_status(app, session);
  add_failed(app, session);
  add_operations(app, session);
  add_pause(app, session);
  add_explain(app, session);
  add_audit(app, session);
  add_inbox(app, session);
  add_sync(app, session);
  add_route(app, session);
  add_adopt(app, session);
  add_asyncapi(app, session);
  add_bench(app, session);
  add_bundle(app, session);
  add_cheat(app, session);
  add_errors(app, session);
  add_tap(app, session);
  add_token(app, session);
  add_completion(app, session);
  add_manual(app, session);
}

/// When the first word names no command: what to say instead of the parser's own words.
std::optional<std::string> unknown_command(const CLI::App& app, int argc, const char* const* argv) {
  if (argc < 2 || *argv[1] == '-') return std::nullopt;
  std::vector<std::string> names;
  for (const auto* command : commands_of(app)) {
    names.push_back(command->get_name());
  }
  if (std::ranges::find(names, argv[1]) != names.end()) return std::nullopt;
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const auto close = nearest(argv[1], candidates);
  return "there is no command '" + std::string(argv[1]) + "'" + (close ? ": did you mean '" + *close + "'?" : "");
}

int parse_failed(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
  complain(unknown_command(app, argc, argv).value_or(error.what()) + " (" +
           admin::code_of(ErrorCode::invalid_argument) + ")");
  std::cerr << "Run `waybill --help`, or `waybill COMMAND --help`.\n";
  return wrong_usage;
}

/// Passwords are in this process's memory: no core file gets them, and no other process of the same user reads them
/// there. With `WAYBILL_CORE` in the environment all is as usual, for who looks for a defect.
void keep_memory_private() {
  if (std::getenv("WAYBILL_CORE") == nullptr) prctl(PR_SET_DUMPABLE, 0);
}

int run(int argc, const char* const* argv) {
  Session session;
  session.terminal = Terminal::detect();
  CLI::App app{"Reliable message delivery: what a service commits reaches the broker, exactly as it was committed.",
               "waybill"};
  app.set_version_flag("--version", "waybill " WAYBILL_VERSION);
  app.fallthrough();
  app.require_subcommand(1);
  app.add_option("-c,--config", session.config_file, "The configuration file (default waybill.toml)")
      ->envname("WAYBILL_CONFIG");
  app.add_flag("--json", session.json, "One JSON document on stdout");
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 a store or broker can't be reached,\n"
      "4 nothing matched.");
  add_commands(app, session);
  show_examples_in_help(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return parse_failed(app, error, argc, argv);
  }
  return session.action ? session.action() : wrong_usage;
}

}  // namespace
}  // namespace waybill::cli

int main(int argc, char** argv) {
  // A reader of our output that goes away, or a peer that closes a socket, must end in an error that is handled.
  std::signal(SIGPIPE, SIG_IGN);
  waybill::cli::keep_memory_private();
  try {
    return waybill::cli::run(argc, argv);
  } catch (const std::exception& error) {
    waybill::cli::complain(std::string("internal error: ") + error.what());
    return waybill::cli::failed;
  }
}
