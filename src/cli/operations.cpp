#include "cli/operations.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>

#include "admin/operation.hpp"
#include "admin/search.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string store, id;
  std::size_t limit = 20;
  bool results = false;
};

constexpr std::size_t results_page = 1000;

int list(const Session& session, const Options& options) {
  return list_operations(session, options.store, options.limit);
}

Result<std::vector<store::OperationResult>> all_results(store::Store& store, const std::string& id) {
  std::vector<store::OperationResult> all;
  while (true) {
    auto page = store.operation_results(id, all.size(), results_page);
    if (!page) return page;
    const bool last = page->size() < results_page;
    std::ranges::move(*page, std::back_inserter(all));
    if (last) return all;
  }
}

void print(const Session& session, const admin::Json& json, const std::vector<store::OperationResult>& results) {
  std::string text;
  for (const auto& [name, value] : json.items()) {
    if (name == "results") continue;
    const std::string shown = value.is_string() ? value.get<std::string>() : admin::to_text(value, -1);
    text += fmt::format("{:<20} {}\n", name, printable(shown));
  }
  Table table({"NUMBER", "MESSAGE", "RESULT"});
  for (const auto& one : results) table.add({std::to_string(one.number), one.message_id, one.result});
  session.print(text + (table.empty() ? "" : "\n" + table.render(session.terminal)));
}

int show(const Session& session, const Options& options) {
  auto opened = open_for_command(session, options.store);
  if (!opened) return fail(opened.error());
  auto operation = admin::read_operation(*opened->store, options.id);
  if (!operation) return fail(operation.error());
  auto json = admin::operation_json(*operation);
  std::vector<store::OperationResult> results;
  if (options.results) {
    auto all = all_results(*opened->store, options.id);
    if (!all) return fail(all.error());
    results = std::move(*all);
    json["results"] = admin::Json::array();
    for (const auto& one : results) json["results"].push_back({{"id", one.message_id}, {"result", one.result}});
  }
  session.json ? session.print(json) : print(session, json, results);
  return done;
}

int stop(const Session& session, const Options& options) {
  auto opened = open_for_command(session, options.store);
  if (!opened) return fail(opened.error());
  auto operation = admin::stop_operation(*opened->store, options.id, operator_name());
  if (!operation) return fail(operation.error());
  session.json
      ? session.print(admin::operation_json(*operation))
      : session.print(fmt::format("operation {} is {}\n", operation->id, to_string(operation->progress.state)));
  return done;
}

}  // namespace

int list_operations(const Session& session, const std::string& store, std::size_t limit) {
  auto opened = open_for_command(session, store);
  if (!opened) return fail(opened.error());
  store::OperationFilter filter;
  filter.limit = limit;
  auto found = admin::list_operations(*opened->store, filter);
  if (!found) return fail(found.error());
  if (session.json) {
    admin::Json listed = admin::Json::array();
    for (const auto& one : *found) listed.push_back(admin::operation_json(one));
    session.print(admin::Json{{"operations", listed}});
  } else if (!found->empty()) {
    Table table({"ID", "AT", "ACT", "STATE", "DONE", "CHANGED", "WHO", "WHY"});
    for (const auto& one : *found) {
      const bool stopped = one.progress.state == admin::OperationState::stopped;
      table.add({one.id, admin::format_when(one.created_at_ms), admin::act_of(one.order),
                 std::string(to_string(one.progress.state)),
                 fmt::format("{}/{}", one.progress.looked_at, one.progress.expected), grouped(one.progress.changed),
                 one.order.who, one.order.why},
                stopped ? Tone::warning : Tone::plain);
    }
    session.print(table.render(session.terminal));
  }
  if (!found->empty()) return done;
  complain("there is no operation");
  return nothing_matched;
}

void add_operations(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("operations", "Bulk acts on messages: who, why, how far, what became of each");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, int (*act)(const Session&, const Options&)) {
    auto options = std::make_shared<Options>();
    auto* sub = command->add_subcommand(name, about);
    sub->add_option("--store", options->store, "The store, when several are configured");
    sub->callback(
        [&session, options, act] { session.action = [&session, options, act] { return act(session, *options); }; });
    return std::pair{sub, options};
  };
  const auto [lists, listed] = add("list", "The newest first", list);
  lists->add_option("--limit", listed->limit, "At most so many (default 20)")->check(CLI::Range(1, 1000));
  const auto [shows, shown] = add("show", "One operation", show);
  shows->add_option("id", shown->id, "The operation's id")->required();
  shows->add_flag("--results", shown->results, "What became of each message, too");
  const auto [stops, stopped] = add("stop", "Stop one: what is done stays done", stop);
  stops->add_option("id", stopped->id, "The operation's id")->required();
}

}  // namespace waybill::cli
