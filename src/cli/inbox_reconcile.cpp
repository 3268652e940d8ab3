#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>

#include "admin/stores.hpp"
#include "cli/long_running.hpp"
#include "cli/record.hpp"
#include "cli/session.hpp"
#include "core/text.hpp"
#include "sync/reconciler.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string redis, sql, age = "30s";
  std::vector<std::string> tags;
  bool watch = false;
};

Result<sync::Reconciled> settle_all(const Config& config, const Options& options, Duration age) {
  const auto* redis = config.store(options.redis);
  const auto* sql = config.store(options.sql);
  if (redis == nullptr || sql == nullptr) {
    return Error{ErrorCode::invalid_configuration,
                 "there is no [store." + (redis == nullptr ? options.redis : options.sql) + "] in " + config.file};
  }
  auto tags = options.tags;
  auto reconciler = sync::Reconciler::open(*redis, *sql, tags.empty() ? "waybill" : "{" + tags.front() + "}");
  if (!reconciler) return reconciler.error();
  if (tags.empty()) {
    auto found = reconciler->tags();
    if (!found) return found.error();
    tags = std::move(*found);
  }
  sync::Reconciled all;
  for (const auto& tag : tags) {
    auto some = reconciler->settle(tag, age);
    if (!some) return some.error();
    all.completed += some->completed;
    all.released += some->released;
  }
  return all;
}

/// In the audit log of the SQL store, which decided.
void record_act(const Config& config, const Options& options, const sync::Reconciled& settled) {
  const auto subject = fmt::format("reservations in '{}': {} completed, {} released", options.redis, settled.completed,
                                   settled.released);
  record(admin::open_chosen_store(config, options.sql),
         {"reconcile", {}, operator_name(), "", "command line", subject});
}

int watch(const Config& config, const Options& options, Duration age) {
  const StopSignals signals;
  const Journal journal("reconcile");
  for (auto next = Deadline::after(Duration{0}); signals.wait_briefly() == 0;) {
    if (!next.passed()) continue;
    next = Deadline::after(age / 2);
    auto settled = settle_all(config, options, age);
    if (!settled) {
      journal.write("error", settled.error().message());
    } else if (settled->completed + settled->released > 0) {
      journal.info(fmt::format("{} completed, {} released", settled->completed, settled->released));
    }
  }
  return done;
}

int run(const Session& session, const Options& options) {
  auto config = session.load();
  if (!config) return fail(config.error());
  auto age = duration_option("--older-than", options.age);
  if (!age) return fail(age.error());
  if (options.watch) return watch(*config, options, *age);
  auto settled = settle_all(*config, options, *age);
  if (!settled) return fail(settled.error());
  if (settled->completed + settled->released > 0) record_act(*config, options, *settled);
  session.json ? session.print(admin::Json{{"completed", settled->completed}, {"released", settled->released}})
               : session.print(fmt::format("{} completed, {} released\n", settled->completed, settled->released));
  return done;
}

}  // namespace

void add_inbox_reconcile(CLI::App& inbox, Session& session) {
  auto* command = inbox.add_subcommand("reconcile", "Settle what a crash left between Redis and SQL: SQL decides");
  auto o = std::make_shared<Options>();
  command->add_option("--redis", o->redis, "The store with the reservations")->required();
  command->add_option("--sql", o->sql, "The SQL store with the marks")->required();
  command->add_option("--tag", o->tags, "Only reservations with this hash tag; needed on a cluster");
  command->add_option("--older-than", o->age, "Leave younger ones to their consumers (default 30s)");
  command->add_flag("--watch", o->watch, "Go on until stopped");
  command->callback([&session, o] { session.action = [&session, o] { return run(session, *o); }; });
}

}  // namespace waybill::cli
