#include <CLI/App.hpp>
#include <memory>

#include "admin/stores.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string store;
  bool print = false, check = false, restamp = false;
};

struct Migrated {
  std::string store, outcome;
  std::uint64_t restamped = 0;
};

Error named(const store::Store& store, const Error& error) {
  return {error.code(),
          "store '" + store.config().name + "' (" + store.config().url.masked() + "): " + error.message()};
}

int print_sql(const Session& session, store::Store& store, admin::Json& document) {
  auto sql = store.migration();
  if (!sql) return fail(named(store, sql.error()));
  document.push_back({{"store", store.config().name}, {"sql", *sql}});
  if (session.json) return done;
  if (sql->empty()) {
    complain("store '" + store.config().name + "' is up to date");
  } else {
    session.print("-- store " + store.config().name + "\n" + *sql + (sql->ends_with('\n') ? "" : "\n"));
  }
  return done;
}

Result<Migrated> migrate_one(store::Store& store, const Options& options) {
  auto before = store.schema();
  if (!before) return named(store, before.error());
  if (*before == store::SchemaState::newer) return admin::require_schema(store).error();
  if (options.check) {
    if (auto usable = admin::require_schema(store); !usable) return usable.error();
    return Migrated{store.config().name, "up to date"};
  }
  Migrated migrated{store.config().name, "up to date"};
  if (*before != store::SchemaState::current) {
    if (auto status = store.migrate(); !status) return named(store, status.error());
    migrated.outcome = *before == store::SchemaState::missing ? "created" : "upgraded";
  }
  if (options.restamp) {
    auto restamped = store.restamp();
    if (!restamped) return named(store, restamped.error());
    migrated.restamped = *restamped;
    migrated.outcome += ", " + grouped(*restamped) + " waiting messages re-stamped";
  }
  return migrated;
}

int run(const Session& session, const Options& options) {
  auto config = session.load();
  if (!config) return fail(config.error());
  auto stores = admin::open_stores(*config, options.store);
  if (!stores) return fail(stores.error());
  admin::Json document = admin::Json::array();
  int code = done;
  for (const auto& store : *stores) {
    if (options.print) {
      if (const int one = print_sql(session, *store, document); one != done) code = one;
      continue;
    }
    auto migrated = migrate_one(*store, options);
    if (!migrated) {
      code = fail(migrated.error());
      continue;
    }
    document.push_back(
        {{"store", migrated->store}, {"outcome", migrated->outcome}, {"restamped", migrated->restamped}});
    if (!session.json) session.print("store " + migrated->store + ": " + migrated->outcome + "\n");
  }
  if (session.json) session.print(admin::Json{{"stores", document}});
  return code;
}

}  // namespace

void add_migrate(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("migrate", "Create or upgrade Waybill's tables in every store");
  auto options = std::make_shared<Options>();
  command->add_option("--store", options->store, "Only this store");
  auto* print = command->add_flag("--print", options->print, "Print the SQL for a DBA and change nothing");
  auto* check =
      command->add_flag("--check", options->check, "Only say whether the tables are up to date (exit code 1: no)");
  auto* restamp =
      command->add_flag("--restamp", options->restamp,
                        "After the database was moved to another cluster: make waiting messages visible again");
  print->excludes(check)->excludes(restamp);
  check->excludes(restamp);
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
