#include <fmt/format.h>
#include <openssl/rand.h>

#include <CLI/App.hpp>
#include <array>
#include <memory>

#include "cli/session.hpp"
#include "core/config/named_sections.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string name, role = "viewer";
};

/// 256 random bits, in letters and digits that survive every shell and header.
Result<std::string> make_token() {
  std::array<unsigned char, 32> bits{};
  if (RAND_bytes(bits.data(), static_cast<int>(bits.size())) != 1) {
    return Error(ErrorCode::internal, "the system gives no random bytes");
  }
  return "wb_" + to_hex(std::string(bits.begin(), bits.end()));
}

int run(const Session& session, const Options& options) {
  const auto token = make_token();
  if (!token) return fail(token.error());
  const auto hash = "sha256:" + sha256_hex(*token);
  if (session.json) {
    session.print(admin::Json{{"name", options.name}, {"role", options.role}, {"token", *token}, {"hash", hash}});
    return done;
  }
  session.print(fmt::format("{}\n", *token));
  complain(
      fmt::format("the token is shown only now. Add to the configuration, and send the relay SIGHUP:\n\n"
                  "[http.token.{}]\nrole = \"{}\"\nhash = \"{}\"",
                  options.name, options.role, hash));
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
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
