#include "admin/explain.hpp"

#include <CLI/App.hpp>
#include <memory>

#include "admin/phrase.hpp"
#include "admin/search.hpp"
#include "admin/stores.hpp"
#include "cli/language.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string id, store, language;
};

constexpr admin::Phrase next_step{"  next: it {}\n", "  接下来：{}\n"};

/// A document stays the same on every host, unless somebody chose.
admin::Language language_for(const Session& session, const Options& options) {
  return session.json && options.language.empty() ? admin::Language::english : language_of(options.language);
}

std::string text_of(const Session& session, const admin::Explanation& told, admin::Language language) {
  std::string text = paint(session.terminal, Tone::strong, "message " + printable(told.id)) + " (store " + told.store +
                     "): " + told.state + "\n";
  for (const auto& line : told.lines) text += "  " + printable(line) + "\n";
  if (!told.next.empty()) text += admin::say(language, next_step, printable(told.next));
  Table table({"AT", "ATTEMPT", "OUTCOME", "ANSWER", "ENDPOINT", "RELAY"});
  for (const auto& a : told.whereabouts.history) {
    table.add({admin::format_when(a.at_ms), std::to_string(a.attempt), a.outcome, a.answer, a.endpoint, a.relay});
  }
  return table.empty() ? text : text + "\n" + table.render(session.terminal);
}

Result<admin::Explanation> search(const Config& config, const Options& options, admin::Language language) {
  auto stores = admin::open_stores(config, options.store);
  if (!stores) return stores.error();
  std::vector<store::Store*> asked;
  for (const auto& store : *stores) asked.push_back(store.get());
  return admin::find_message(config, asked, options.id, language);
}

int run(const Session& session, const Options& options) {
  auto config = session.load();
  if (!config) return fail(config.error());
  const auto language = language_for(session, options);
  auto told = search(*config, options, language);
  if (!told) return fail(told.error());
  if (session.json) session.print(admin::explanation_json(*told));
  if (!told->known()) {
    complain("nothing is known of message '" + options.id + "': " + told->lines.front());
    return nothing_matched;
  }
  if (!session.json) session.print(text_of(session, *told, language));
  return done;
}

}  // namespace

void add_explain(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("explain", "Where a message is and why, and when it moves next");
  auto options = std::make_shared<Options>();
  command->add_option("id", options->id, "The message's id")->required();
  command->add_option("--store", options->store, "Only this store");
  add_language(*command, options->language);
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
