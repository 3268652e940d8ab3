#include <CLI/App.hpp>
#include <memory>

#include "cli/new_file.hpp"
#include "cli/sample_config.hpp"
#include "cli/session.hpp"

namespace waybill::cli {
namespace {

constexpr mode_t mode = 0640;  // the file may come to hold a password

int run(const Session& session, bool force) {
  if (auto written = write_new_file(session.config_file, sample_config(), mode, force); !written) {
    const auto& error = written.error();
    const bool is_there = error.code() == ErrorCode::refused;
    return fail({error.code(), error.message() + (is_there ? ": pass --force to overwrite it" : "")});
  }
  if (session.json) {
    session.print(admin::Json{{"file", session.config_file}});
  } else {
    session.print("wrote " + session.config_file + "\nnext: edit it, then `waybill check` and `waybill migrate`\n");
  }
  return done;
}

}  // namespace

void add_init(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("init", "Write a commented waybill.toml");
  auto force = std::make_shared<bool>(false);
  command->add_flag("--force", *force, "Overwrite an existing file");
  command->callback([&session, force] { session.action = [&session, force] { return run(session, *force); }; });
}

}  // namespace waybill::cli
