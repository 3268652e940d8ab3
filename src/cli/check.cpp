#include <CLI/App.hpp>
#include <memory>

#include "admin/config_schema.hpp"
#include "admin/stores.hpp"
#include "broker/publisher.hpp"
#include "cli/session.hpp"
#include "http/span_export.hpp"

namespace waybill::cli {
namespace {

/// What can be reached and is fit for use, one line each.
struct Reachability {
  admin::Json entries = admin::Json::array();
  int code = done;

  void add(const std::string& subject, const Status& status) {
    entries.push_back({{"subject", subject}, {"ok", status.ok()}, {"message", status ? "" : status.error().message()}});
    if (status) return;
    const bool is_named = status.error().message().starts_with("store ");
    complain((is_named ? "" : subject + ": ") + status.error().message());
    if (code != unreachable) code = exit_code(status.error());
  }
};

Status ask_store(const StoreConfig& config) {
  auto opened = store::open_store(config);
  if (!opened) return opened.error();
  return admin::require_schema(**opened);
}

Status ask_broker(const BrokerConfig& config) {
  auto found = broker::examine_broker(config, {});
  if (!found) return found.error();
  return {};
}

void ask_all(const Config& config, Reachability& reach) {
  for (const auto& store : config.stores) reach.add("store " + store.name, ask_store(store));
  for (const auto& broker : config.brokers) reach.add("broker " + broker.name, ask_broker(broker));
  if (config.traces.is_on()) reach.add("the collector of traces", http::try_collector(config.traces));
}

int run(const Session& session, bool offline) {
  auto config = session.load();
  if (!config) {
    if (session.json)
      session.print(admin::Json{{"file", session.config_file}, {"ok", false}, {"errors", config.error().message()}});
    return fail(config.error());
  }
  if (auto ready = config->ready_to_relay(); !ready) complain(ready.error().message() + " (needed by `waybill relay`)");
  Reachability reach;
  if (!offline) ask_all(*config, reach);
  if (session.json) {
    session.print(
        admin::Json{{"file", session.config_file}, {"ok", reach.code == done}, {"connections", reach.entries}});
  } else if (reach.code == done) {
    session.print(session.config_file + ": fine (" + std::to_string(config->stores.size()) + " stores, " +
                  std::to_string(config->brokers.size()) + " brokers, " + std::to_string(config->routes.size()) +
                  " routes)\n");
  }
  return reach.code;
}

int print_schema(const Session& session) {
  session.print(admin::config_schema());
  return done;
}

}  // namespace

void add_check(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("check", "Check the configuration, and that stores and brokers can be reached");
  auto offline = std::make_shared<bool>(false);
  auto schema = std::make_shared<bool>(false);
  command->add_flag("--offline", *offline, "Check the file only; connect to nothing");
  command->add_flag("--schema", *schema, "Print a JSON Schema of the file, for editors, and check nothing");
  command->callback([&session, offline, schema, command] {
    if (!command->get_subcommands().empty()) return;  // its callback has said what to do
    session.action = [&session, offline, schema] { return *schema ? print_schema(session) : run(session, *offline); };
  });
  add_health(*command, session);
}

}  // namespace waybill::cli
