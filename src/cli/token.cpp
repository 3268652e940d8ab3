#include <fmt/format.h>
#include <openssl/rand.h>

#include <CLI/App.hpp>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "admin/search.hpp"
#include "cli/session.hpp"
#include "core/config/named_sections.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string name, role = "viewer", lasts;
  std::vector<std::string> topics, may;
  bool proxy = false;
};

/// 256 random bits, in letters and digits that survive every shell and header.
Result<std::string> make_token() {
  std::array<unsigned char, 32> bits{};
  if (RAND_bytes(bits.data(), static_cast<int>(bits.size())) != 1) {
    return Error(ErrorCode::internal, "the system gives no random bytes");
  }
  return "wb_" + to_hex(std::string(bits.begin(), bits.end()));
}

/// A string of TOML, which JSON's escapes are too.
std::string quoted(const std::string& text) { return admin::Json(text).dump(); }

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "" : ", ") + quoted(text);
  return "[" + list + "]";
}

Status check_rights(const Options& options) {
  if (!options.may.empty() && options.role != "operator")
    return Error(ErrorCode::invalid_argument, "--may narrows what an operator does: add --role operator");
  if (!options.topics.empty() && options.role == "stats")
    return Error(ErrorCode::invalid_argument, "--topic: the role stats sees no message");
  return {};
}

/// The lines of the configuration that let the token in.
Result<std::string> section_of(const Options& options, const std::string& hash) {
  if (options.proxy) {
    return "[http.proxy]\nhash = " + quoted(hash) +
           "\nuser_header = \"X-Forwarded-User\"\ngroups_header = \"X-Forwarded-Groups\"";
  }
  std::string lines = "[http.token." + options.name + "]\nrole = " + quoted(options.role) + "\nhash = " + quoted(hash);
  if (!options.topics.empty()) lines += "\ntopics = " + quoted_list(options.topics);
  if (!options.may.empty()) lines += "\nmay = " + quoted_list(options.may);
  if (options.lasts.empty()) return lines;
  const auto lasts = parse_duration(options.lasts);
  if (!lasts) return Error(lasts.error().code(), "--for: " + lasts.error().message());
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(*lasts).count();
  return lines + "\nexpires = " + admin::format_when(admin::wall_clock_ms() + ms);
}

int run(const Session& session, const Options& options) {
  if (auto sensible = check_rights(options); !sensible) return fail(sensible.error());
  const auto token = make_token();
  if (!token) return fail(token.error());
  const auto hash = "sha256:" + sha256_hex(*token);
  const auto section = section_of(options, hash);
  if (!section) return fail(section.error());
  if (session.json) {
    session.print(admin::Json{{"name", options.name},
                              {"role", options.proxy ? admin::Json(nullptr) : admin::Json(options.role)},
                              {"token", *token},
                              {"hash", hash},
                              {"section", *section}});
    return done;
  }
  session.print(fmt::format("{}\n", *token));
  complain(
      fmt::format("the token is shown only now. Add to the configuration, and send the relay SIGHUP:\n\n{}", *section));
  return done;
}

}  // namespace

void add_token(CLI::App& app, Session& session) {
  auto* command =
      app.add_subcommand("token", "Make a token for the REST API and the lines of the configuration that let it in");
  auto options = std::make_shared<Options>();
  command->add_option("name", options->name, "Whose it is: a person, a machine")
      ->required()
      ->check([](const std::string& name) {
        return config::is_name(name) ? std::string{} : std::string("a name has 1 to 64 letters, digits, '_' or '-'");
      });
  command->add_option("--role", options->role, "stats, viewer (default) or operator")
      ->check(CLI::IsMember({"stats", "viewer", "operator"}));
  command->add_option("--topic", options->topics, "Only messages and routes of these topics (glob; may be repeated)");
  command->add_option("--may", options->may, "An operator's only acts: resend, drop, edit, pause (may be repeated)")
      ->check(CLI::IsMember({"resend", "drop", "edit", "pause"}));
  command->add_option("--for", options->lasts, "How long it holds: 1h, 30d (default: until it is removed)");
  command->add_flag("--proxy", options->proxy, "For a proxy in front that has asked people who they are")
      ->excludes("--role")
      ->excludes("--topic")
      ->excludes("--may")
      ->excludes("--for");
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
