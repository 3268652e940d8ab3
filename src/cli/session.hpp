#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "admin/json.hpp"
#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"
#include "core/config.hpp"
#include "core/time.hpp"
#include "store/store.hpp"

namespace CLI {
class App;
}

namespace waybill::cli {

/// What every command has at hand: the global options, the terminal, and the ways to answer.
struct Session {
  std::string config_file = "waybill.toml";
  bool json = false;
  Terminal terminal;
  std::function<int()> action;  ///< set by the chosen command while the arguments are read; run afterwards

  Result<Config> load() const { return load_config(config_file); }

  /// Writes to stdout.
  void print(const std::string& text) const;
  void print(const admin::Json& document) const;
};

/// Writes `waybill: TEXT` to stderr.
void complain(const std::string& text);
/// Complains about the error, with its code for `waybill errors`, and gives the exit code that it means.
int fail(const Error& error);

/// Whether a dangerous act may go on: `--yes`, or a `y` typed on a terminal. Without both it says what is missing.
bool confirmed_by_person(const Session& session, bool yes, const std::string& question);

/// Who acts, for the history: the login name and the host.
std::string operator_name();

/// What an option says as `10m`; an error names the option.
Result<Duration> duration_option(const std::string& option, const std::string& text);

/// Reads a whole file, or standard input when `path` is `-`, up to `limit` bytes.
Result<std::string> read_input(const std::string& path, std::uint64_t limit);

/// Loads the configuration, opens the chosen store and checks that its tables are those of this program.
struct Opened {
  std::unique_ptr<Config> config;
  std::unique_ptr<store::Store> store;
};
Result<Opened> open_for_command(const Session& session, const std::string& store_name);

/// One function a command: adds it, with its options, to the command line.
void add_init(CLI::App& app, Session& session);
void add_check(CLI::App& app, Session& session);
void add_health(CLI::App& check, Session& session);
void add_migrate(CLI::App& app, Session& session);
void add_doctor(CLI::App& app, Session& session);
void add_send(CLI::App& app, Session& session);
void add_relay(CLI::App& app, Session& session);
void add_status(CLI::App& app, Session& session);
void add_failed(CLI::App& app, Session& session);
void add_failed_acts(CLI::App& failed, Session& session);
void add_edit(CLI::App& failed, Session& session);
void add_pause(CLI::App& app, Session& session);
void add_operations(CLI::App& app, Session& session);
void add_explain(CLI::App& app, Session& session);
void add_audit(CLI::App& app, Session& session);
void add_inbox(CLI::App& app, Session& session);
void add_inbox_reconcile(CLI::App& inbox, Session& session);
void add_inbox_shards(CLI::App& inbox, Session& session);
void add_sync(CLI::App& app, Session& session);
void add_route(CLI::App& app, Session& session);
void add_adopt(CLI::App& app, Session& session);
void add_bundle(CLI::App& app, Session& session);
void add_cheat(CLI::App& app, Session& session);
void add_errors(CLI::App& app, Session& session);
void add_asyncapi(CLI::App& app, Session& session);
void add_bench(CLI::App& app, Session& session);
void add_tap(CLI::App& app, Session& session);
void add_token(CLI::App& app, Session& session);
void add_completion(CLI::App& app, Session& session);
void add_manual(CLI::App& app, Session& session);

}  // namespace waybill::cli
