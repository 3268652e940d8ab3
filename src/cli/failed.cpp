#include "admin/failed.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "admin/causes.hpp"
#include "admin/decode.hpp"
#include "admin/search.hpp"
#include "cli/causes.hpp"
#include "cli/failed_desk.hpp"
#include "cli/failed_filter.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

namespace waybill::cli {
namespace {

struct ListOptions {
  std::shared_ptr<FilterOptions> filter;
  std::size_t limit = 100;
};

Result<std::vector<store::Troubled>> find(store::Store& store, const ListOptions& options) {
  auto filters = filters_of(*options.filter);
  if (!filters) return filters.error();
  std::vector<store::Troubled> all;
  for (auto& filter : *filters) {
    filter.limit = options.limit;
    auto found = store.troubled(filter);
    if (!found) return found.error();
    std::ranges::move(*found, std::back_inserter(all));
  }
  return all;
}

/// Nothing found is said, and is no success.
int found_or_not(bool found) {
  if (found) return done;
  complain("no message matched");
  return nothing_matched;
}

int list(const Session& session, const ListOptions& options) {
  auto opened = open_for_command(session, options.filter->store);
  if (!opened) return fail(opened.error());
  auto found = find(*opened->store, options);
  if (!found) return fail(found.error());
  if (session.json) {
    admin::Json messages = admin::Json::array();
    for (const auto& one : *found) messages.push_back(admin::troubled_json(one, false));
    session.print(admin::Json{{"messages", messages}, {"more", found->size() >= options.limit}});
  } else if (!found->empty()) {
    Table table({"ID", "TOPIC", "KEY", "STATE", "TRIES", "REASON", "SINCE", "ANSWER"});
    for (const auto& one : *found) {
      const double seconds = static_cast<double>(admin::wall_clock_ms() - one.changed_at_ms) / 1000;
      table.add({one.message.id.str(), one.message.topic.str(), one.message.key ? one.message.key->str() : "-",
                 one.state, std::to_string(one.tries), one.reason, age(std::max(0.0, seconds)) + " ago", one.answer});
    }
    session.print(table.render(session.terminal));
    if (found->size() >= options.limit) complain(fmt::format("only the first {}: --limit N shows more", options.limit));
  }
  return found_or_not(!found->empty());
}

void print_message(const Session& session, const admin::Json& json, const std::optional<std::string>& decoded,
                   const std::vector<store::Attempt>& history) {
  std::string text;
  for (const auto& [name, value] : json.items()) {
    const std::string shown = value.is_string() ? value.get<std::string>() : admin::to_text(value, -1);
    text += fmt::format("{:<14} {}\n", name, printable(shown));
  }
  if (decoded) text += "decoded\n" + printable_lines(*decoded) + "\n";
  Table table({"AT", "ATTEMPT", "OUTCOME", "ANSWER", "ENDPOINT", "RELAY"});
  for (const auto& a : history) {
    table.add({admin::format_when(a.at_ms), std::to_string(a.attempt), a.outcome, a.answer, a.endpoint, a.relay});
  }
  session.print(text + (table.empty() ? "" : "\n" + table.render(session.terminal)));
}

/// What a person can read of the payload, where a decoder is configured; one that fails says why.
std::optional<std::string> decoded_payload(const Config& config, const Message& message) {
  const auto* decoder = config.decoder(message.topic.str());
  if (decoder == nullptr) return std::nullopt;
  auto text = admin::decode(*decoder, message.payload);
  if (text) return *text;
  complain(text.error().message());
  return std::nullopt;
}

int show(const Session& session, const std::string& store_name, const std::string& id) {
  auto opened = open_for_command(session, store_name);
  if (!opened) return fail(opened.error());
  auto found = opened->store->locate(MessageId(id));
  if (!found) return fail(found.error());
  if (found->place != store::Whereabouts::Place::retry || !found->troubled) {
    complain("message '" + id + "' is not failed; `waybill explain " + id + "` says where it is");
    return nothing_matched;
  }
  auto json = admin::troubled_json(*found->troubled, true);
  const auto decoded = decoded_payload(*opened->config, found->troubled->message);
  if (!session.json) {
    print_message(session, json, decoded, found->history);
    return done;
  }
  if (decoded) json["decoded"] = *decoded;
  json["history"] = admin::Json::array();
  for (const auto& attempt : found->history) json["history"].push_back(admin::attempt_json(attempt));
  session.print(json);
  return done;
}

int groups(const Session& session, const FilterOptions& options) {
  auto opened = open_for_command(session, options.store);
  if (!opened) return fail(opened.error());
  auto filters = filters_of(options);
  if (!filters) return fail(filters.error());
  auto found = opened->store->failed_groups(filters->front());
  if (!found) return fail(found.error());
  const auto book = admin::CauseBook::read(*opened->store);
  if (!book) return fail(book.error());
  if (session.json) {
    admin::Json listed = admin::Json::array();
    for (const auto& group : *found) listed.push_back(admin::group_json(group, book->life_of(group)));
    session.print(admin::Json{{"groups", listed}});
  } else if (!found->empty()) {
    Table table({"COUNT", "STATE", "ROUTE", "REASON", "FIRST", "LAST", "SAMPLE", "ANSWER"});
    for (const auto& g : *found) {
      table.add({grouped(g.count), in_words(book->life_of(g)), g.route.empty() ? "-" : g.route, g.reason,
                 admin::format_when(g.first_ms), admin::format_when(g.last_ms), g.sample_id, g.answer});
    }
    session.print(table.render(session.terminal) + remedies(*found));
  }
  return found_or_not(!found->empty());
}

void add_list(CLI::App& failed, Session& session) {
  auto* command = failed.add_subcommand("list", "List failed messages");
  auto options = std::make_shared<ListOptions>();
  options->filter = add_filter(*command);
  command->add_option("--state", options->filter->state, "failed (default), dropped, or sending");
  command->add_option("--limit", options->limit, "At most so many (default 100)")->check(CLI::Range(1, 100000));
  command->callback([&session, options] { session.action = [&session, options] { return list(session, *options); }; });
}

void add_show(CLI::App& failed, Session& session) {
  auto* command = failed.add_subcommand("show", "One message with its payload and whole history");
  auto store = std::make_shared<std::string>();
  auto id = std::make_shared<std::string>();
  command->add_option("id", *id, "The message's id")->required();
  command->add_option("--store", *store, "The store, when several are configured");
  command->callback(
      [&session, store, id] { session.action = [&session, store, id] { return show(session, *store, *id); }; });
}

void add_groups(CLI::App& failed, Session& session) {
  auto* command = failed.add_subcommand("groups", "Failed messages counted by route, reason and answer");
  auto options = add_filter(*command);
  command->callback(
      [&session, options] { session.action = [&session, options] { return groups(session, *options); }; });
}

}  // namespace

void add_failed(CLI::App& app, Session& session) {
  auto* failed = app.add_subcommand("failed", "Messages that wait for a person");
  failed->require_subcommand(0, 1);
  auto store = std::make_shared<std::string>();
  failed->add_option("--store", *store, "On a terminal: the store, when several are configured");
  failed->callback([&session, failed, store] {
    if (failed->get_subcommands().empty()) session.action = [&session, store] { return failed_desk(session, *store); };
  });
  add_list(*failed, session);
  add_show(*failed, session);
  add_groups(*failed, session);
  add_failed_acts(*failed, session);
  add_edit(*failed, session);
  add_cause_acts(*failed, session);
}

}  // namespace waybill::cli
