#include "cli/session.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "admin/errors.hpp"
#include "admin/stores.hpp"
#include "core/text.hpp"

namespace waybill::cli {

void Session::print(const std::string& text) const { std::cout << text << std::flush; }

void Session::print(const admin::Json& document) const { std::cout << admin::to_text(document) << std::endl; }

void complain(const std::string& text) { std::cerr << "waybill: " << text << std::endl; }

int fail(const Error& error) {
  complain(error.message() + " (" + admin::code_of(error.code()) + ")");
  return exit_code(error);
}

bool confirmed_by_person(const Session& session, bool yes, const std::string& question) {
  if (yes) return true;
  if (!session.terminal.in_is_terminal || !session.terminal.err_is_terminal) {
    complain(question + " Pass --yes to do it without a terminal.");
    return false;
  }
  const auto answer = ask(question + " [y/N] ");
  return answer && (*answer == "y" || *answer == "Y" || *answer == "yes");
}

std::string operator_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const passwd* user = getpwuid(geteuid());
  const std::string name = user != nullptr ? user->pw_name : "uid " + std::to_string(geteuid());
  return name + "@" + host.data();
}

Result<Duration> duration_option(const std::string& option, const std::string& text) {
  auto duration = parse_duration(text);
  if (!duration) return Error(ErrorCode::invalid_argument, option + ": " + duration.error().message());
  return duration;
}

Result<std::string> read_input(const std::string& path, std::uint64_t limit) {
  const bool standard = path == "-";
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(standard ? stdin : std::fopen(path.c_str(), "rb"),
                                                       [](std::FILE* f) { return f == stdin ? 0 : std::fclose(f); });
  if (!file) return Error(ErrorCode::invalid_argument, "can't read '" + path + "': " + std::strerror(errno));
  std::string bytes;
  std::array<char, 65536> part{};
  while (std::feof(file.get()) == 0 && std::ferror(file.get()) == 0 && bytes.size() <= limit) {
    bytes.append(part.data(), std::fread(part.data(), 1, part.size(), file.get()));
  }
  if (std::ferror(file.get()) != 0) {
    return Error(ErrorCode::invalid_argument, "can't read '" + path + "': " + std::strerror(errno));
  }
  return bytes;
}

Result<Opened> open_for_command(const Session& session, const std::string& store_name) {
  auto config = session.load();
  if (!config) return config.error();
  Opened opened{std::make_unique<Config>(std::move(*config)), nullptr};
  auto store = admin::open_chosen_store(*opened.config, store_name);
  if (!store) return store.error();
  opened.store = std::move(*store);
  if (auto usable = admin::require_schema(*opened.store); !usable) return usable.error();
  return opened;
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): the analyzer loses the unique_ptr in the Result
}

}  // namespace waybill::cli
