#include <fcntl.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "cli/sample_config.hpp"
#include "cli/session.hpp"

namespace waybill::cli {
namespace {

Status write_new(const std::string& path, bool force) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
  const int file = open(path.c_str(), flags, 0640);  // the file may come to hold a password
  if (file < 0) {
    if (errno == EEXIST) {
      return Error(ErrorCode::refused, path + " is already there: pass --force to overwrite it");
    }
    return Error(ErrorCode::invalid_argument, "can't write '" + path + "': " + std::strerror(errno));
  }
  std::string_view left = sample_config();
  while (!left.empty()) {
    const auto wrote = write(file, left.data(), left.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(wrote));
  }
  const int reason = errno;
  if (close(file) != 0 || !left.empty()) {
    return Error(ErrorCode::disk_full, "can't write '" + path + "': " + std::strerror(reason));
  }
  return {};
}

int run(const Session& session, bool force) {
  if (auto written = write_new(session.config_file, force); !written) return fail(written.error());
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
