#include <sys/utsname.h>

#include <CLI/App.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "admin/causes.hpp"
#include "admin/doctor.hpp"
#include "admin/operation.hpp"
#include "admin/search.hpp"
#include "admin/status.hpp"
#include "admin/stores.hpp"
#include "cli/local_relay.hpp"
#include "cli/new_file.hpp"
#include "cli/session.hpp"
#include "core/shown_config.hpp"

namespace waybill::cli {
namespace {

using admin::Json;
using Stores = std::vector<std::unique_ptr<store::Store>>;

constexpr std::size_t newest_operations = 100;
constexpr mode_t mode = 0600;

struct Options {
  std::string output, interval = "5s";
};

Json error_json(const Error& error) {
  return {{"error", {{"code", to_string(error.code())}, {"message", error.message()}}}};
}

Json host_json() {
  utsname name{};
  uname(&name);
  return {{"system", name.sysname},
          {"release", name.release},
          {"machine", name.machine},
          {"processors", std::thread::hardware_concurrency()}};
}

Json configuration_json(const std::string& file) {
  const auto shown = show_config(file);
  Json json{{"file", file}, {"settings", Json::object()}, {"errors", shown.errors}};
  for (const auto& [name, value] : shown.settings) json["settings"][name] = value;
  return json;
}

/// What moves: two looks show at which rate.
Json look(const Config& config, const Stores& stores) {
  const auto metrics = ask_local_relay(config, "/metrics");
  return {{"at", admin::format_when(admin::wall_clock_ms())},
          {"status", admin::status_json(admin::read_status(config, stores))},
          {"metrics", metrics ? Json(*metrics) : error_json(metrics.error())}};
}

Result<Json> causes_of(store::Store& store) {
  auto groups = store.failed_groups({});
  if (!groups) return groups.error();
  const auto book = admin::CauseBook::read(store);
  if (!book) return book.error();
  Json json = Json::array();
  for (const auto& group : *groups) json.push_back(admin::group_json(group, book->life_of(group)));
  return json;
}

Result<Json> operations_of(store::Store& store) {
  auto operations = admin::list_operations(store, {{}, {}, newest_operations});
  if (!operations) return operations.error();
  Json json = Json::array();
  for (const auto& operation : *operations) json.push_back(admin::operation_json(operation));
  return json;
}

/// The same of every store, each by its name; a store that does not tell says why.
Json of_each(const Stores& stores, Result<Json> (*ask)(store::Store&)) {
  Json json = Json::object();
  for (const auto& store : stores) {
    const auto usable = admin::require_schema(*store);
    const auto told = usable ? ask(*store) : Result<Json>{usable.error()};
    json[store->config().name] = told ? *told : error_json(told.error());
  }
  return json;
}

void add_what_runs(const Config& config, const Stores& stores, Duration interval, Json& bundle) {
  bundle["looks"] = {look(config, stores)};
  bundle["doctor"] = admin::diagnosis_json(admin::diagnose(config, stores));
  bundle["failed"] = of_each(stores, causes_of);
  bundle["operations"] = of_each(stores, operations_of);
  std::this_thread::sleep_for(interval);
  bundle["looks"].push_back(look(config, stores));
}

Json collect(const Session& session, Duration interval) {
  Json bundle{{"made_at", admin::format_when(admin::wall_clock_ms())},
              {"version", WAYBILL_VERSION},
              {"host", host_json()},
              {"configuration", configuration_json(session.config_file)}};
  const auto config = session.load();
  if (!config) return bundle;
  const auto stores = admin::open_stores(*config, {});
  if (stores) add_what_runs(*config, *stores, interval, bundle);
  return bundle;
}

/// `waybill-bundle-20261201T101500123Z.json`
std::string usual_name() {
  std::string when = admin::format_when(admin::wall_clock_ms());
  std::erase_if(when, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return "waybill-bundle-" + when + ".json";
}

int run(const Session& session, const Options& options) {
  const auto interval = duration_option("--interval", options.interval);
  if (!interval) return fail(interval.error());
  const auto bundle = collect(session, *interval);
  if (options.output == "-") {
    session.print(bundle);
    return done;
  }
  const auto file = options.output.empty() ? usual_name() : options.output;
  if (auto written = write_new_file(file, admin::to_text(bundle) + "\n", mode, false); !written) {
    return fail(written.error());
  }
  session.json ? session.print(Json{{"file", file}})
               : session.print("wrote " + file +
                               "\nIt names hosts, topics, people and message ids, and has the brokers' words: read it "
                               "before you give it away.\n");
  return done;
}

}  // namespace

void add_bundle(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("bundle", "One file with all that helps others to see what is wrong; no secrets");
  auto options = std::make_shared<Options>();
  command->add_option("--output", options->output, "The file; - for stdout (default waybill-bundle-TIME.json)");
  command->add_option("--interval", options->interval, "Between the two looks at what moves (default 5s)");
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
