#include "admin/errors.hpp"

#include <CLI/App.hpp>
#include <memory>

#include "cli/language.hpp"
#include "cli/session.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string code, language;
};

std::string text_of(const admin::KnownError& error, admin::Language language) {
  const auto& words = error.in(language);
  return error.code + (error.name.empty() ? "" : "  " + error.name) + "\n  " + words.cause + "\n  → " + words.remedy +
         "\n";
}

int unknown(const std::string& code) {
  std::vector<std::string_view> names;
  for (const auto& one : admin::known_errors()) {
    names.emplace_back(one.code);
    if (!one.name.empty()) names.emplace_back(one.name);
  }
  const auto close = nearest(code, names);
  complain("there is no code '" + code + "'" + (close ? ": did you mean '" + *close + "'?" : ""));
  return nothing_matched;
}

int run(const Session& session, const Options& options) {
  const auto found = options.code.empty() ? admin::known_errors() : admin::find_errors(options.code);
  if (found.empty()) return unknown(options.code);
  const auto language = language_of(options.language);
  admin::Json listed = admin::Json::array();
  std::string text;
  for (const auto& one : found) {
    const auto& words = one.in(language);
    listed.push_back({{"code", one.code}, {"name", one.name}, {"cause", words.cause}, {"remedy", words.remedy}});
    text += (text.empty() ? "" : "\n") + text_of(one, language);
  }
  session.json ? session.print(admin::Json{{"errors", listed}}) : session.print(text);
  return done;
}

}  // namespace

void add_errors(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("errors", "What a code means and what to do, in English or Chinese");
  auto options = std::make_shared<Options>();
  command->add_option("code", options->code, "WB-E08, or a word such as unroutable; without it: all");
  add_language(*command, options->language);
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
