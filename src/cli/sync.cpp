#include "sync/sync.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "admin/search.hpp"
#include "admin/stores.hpp"
#include "admin/syncs.hpp"
#include "cli/long_running.hpp"
#include "cli/record.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

constexpr Duration after_an_error = std::chrono::seconds{1};

struct Options {
  std::string name, entry, why;
  bool once = false, yes = false;
};

/// What a command is about: all that was asked for, read and found.
struct Request {
  const Session& session;
  const Options& options;
  const Config& config;
  std::vector<const SyncConfig*> syncs;
};

Result<std::vector<const SyncConfig*>> chosen(const Config& config, const std::string& name) {
  std::vector<const SyncConfig*> found;
  for (const auto& sync : config.syncs) {
    if (name.empty() || sync.name == name) found.push_back(&sync);
  }
  if (!found.empty()) return found;
  return Error{ErrorCode::invalid_configuration, name.empty() ? config.file + " has no [sync.NAME]"
                                                              : "there is no [sync." + name + "] in " + config.file};
}

/// Tells threads to end, and wakes those that wait.
class Stop {
 public:
  void request() {
    {
      const std::lock_guard lock{mutex_};
      requested_ = true;
    }
    changed_.notify_all();
  }
  /// True when it was requested within the time.
  bool within(Duration wait) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, wait, [this] { return requested_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool requested_ = false;
};

void run_one(sync::Sync& one, const SyncConfig& config, Stop& stop, const sync::Sync::Log& log) {
  std::string last_error;
  for (Duration wait{0}; !stop.within(wait);) {
    auto step = one.step();
    if (!step) {
      // Said once: an outage lasts.
      if (step.error().message() != last_error) log("error", "sync '" + config.name + "': " + step.error().message());
      last_error = step.error().message();
      wait = std::max(after_an_error, config.interval);
      continue;
    }
    if (!last_error.empty()) log("info", "sync '" + config.name + "': goes on");
    last_error.clear();
    wait = step->more ? Duration{0} : config.interval;
  }
}

int run_until_stopped(const Request& request) {
  const auto& config = request.config;
  const auto& syncs = request.syncs;
  const StopSignals signals;
  const Journal journal("sync", config.log.format);
  const sync::Sync::Log log = [journal](std::string_view level, std::string_view text) { journal.write(level, text); };
  Stop stop;
  std::vector<std::thread> threads;
  threads.reserve(syncs.size());
  for (const auto* sync : syncs) {
    threads.emplace_back([&config, sync, &stop, log] {
      sync::Sync one{config, *sync, log};
      run_one(one, *sync, stop, log);
    });
  }
  journal.info("sync " + process_name() + " started with " + config.file);
  while (signals.wait_briefly() == 0) {
  }
  stop.request();
  for (auto& thread : threads) thread.join();
  journal.info("stopped");
  return done;
}

sync::Sync::Log complaints() {
  return [](std::string_view, std::string_view text) { complain(printable(text)); };
}

/// Applies what is there, and ends.
int run_once(const Request& request) {
  for (const auto* sync : request.syncs) {
    sync::Sync one{request.config, *sync, complaints()};
    for (bool more = true; more;) {
      auto step = one.step();
      if (!step) return fail(step.error());
      more = step->more;
    }
  }
  return done;
}

int run(const Request& request) { return request.options.once ? run_once(request) : run_until_stopped(request); }

int show_status(const Request& request) {
  const auto& session = request.session;
  Table table({"SYNC", "WAITING", "LAG", "APPLIED", "PARKED", "MISMATCHES"});
  admin::Json listed = admin::Json::array();
  std::string details;
  for (const auto* sync : request.syncs) {
    auto status = sync::Sync{request.config, *sync, complaints()}.status();
    if (!status) return fail(status.error());
    listed.push_back(admin::sync_json(*status));
    const bool wrong = status->parked > 0 || !status->mismatches.empty();
    table.add(
        {status->name, grouped(status->waiting), fmt::format("{:.1f} s", static_cast<double>(status->lag_ms) / 1000.0),
         grouped(status->applied), grouped(status->parked), grouped(status->mismatches.size())},
        wrong ? Tone::warning : Tone::plain);
    for (const auto& one : status->mismatches) {
      details += printable(one.command + ": " + one.redis + " in Redis, " + one.sql + " in SQL") + "\n";
    }
  }
  session.json ? session.print(admin::Json{{"syncs", listed}})
               : session.print(table.render(session.terminal) + details);
  return done;
}

int show_parked(const Request& request) {
  const auto& session = request.session;
  Table table({"SYNC", "ENTRY", "SINCE", "ENTITY", "APPLY", "FIELDS", "WHY"});
  admin::Json listed = admin::Json::array();
  for (const auto* sync : request.syncs) {
    auto parked = sync::Sync{request.config, *sync, complaints()}.parked();
    if (!parked) return fail(parked.error());
    for (const auto& one : *parked) {
      listed.push_back({{"sync", sync->name},
                        {"entry", one.entry},
                        {"at", admin::format_when(one.at_ms)},
                        {"entity", one.entity},
                        {"apply", one.apply},
                        {"fields", one.fields},
                        {"error", printable(one.error)}});
      table.add({sync->name, one.entry, admin::format_when(one.at_ms), one.entity, one.apply, one.fields,
                 printable(one.error)},
                Tone::warning);
    }
  }
  if (session.json) session.print(admin::Json{{"parked", listed}});
  if (!session.json && !table.empty()) session.print(table.render(session.terminal));
  return table.empty() ? nothing_matched : done;
}

/// In the audit log of the SQL store, where what was parked would have been applied.
void record_act(const Request& request, const SyncConfig& sync, bool again, std::uint64_t count) {
  const auto subject = fmt::format("parked entries of sync '{}': {}", sync.name, count);
  record(admin::open_chosen_store(request.config, sync.into),
         {again ? "sync-retry" : "sync-drop", {}, operator_name(), request.options.why, "command line", subject});
}

int act(const Request& request, bool again) {
  const auto& [session, options, config, syncs] = request;
  if (!again &&
      !confirmed_by_person(session, options.yes, "Forget these parked entries for good? SQL will never have them.")) {
    return wrong_usage;
  }
  std::uint64_t count = 0;
  for (const auto* sync : syncs) {
    sync::Sync one{config, *sync, complaints()};
    auto acted = again ? one.retry(options.entry) : one.drop(options.entry);
    if (!acted) return fail(acted.error());
    count += *acted;
    if (*acted > 0) record_act(request, *sync, again, *acted);
  }
  session.json ? session.print(admin::Json{{again ? "applied" : "dropped", count}})
               : session.print(fmt::format("{} {}\n", count, again ? "applied" : "dropped"));
  return count == 0 ? nothing_matched : done;
}

int dispatch(const Session& session, const Options& options, const std::function<int(const Request&)>& command) {
  auto config = session.load();
  if (!config) return fail(config.error());
  auto syncs = chosen(*config, options.name);
  if (!syncs) return fail(syncs.error());
  return command({session, options, *config, std::move(*syncs)});
}

}  // namespace

void add_sync(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("sync", "Apply journals in Redis to SQL: each entry exactly once, in order");
  auto o = std::make_shared<Options>();
  command->add_option("--name", o->name, "Only this one of [sync.NAME]");
  command->add_flag("--once", o->once, "Apply what is there, and end");
  command->callback([&session, o] {
    if (!session.action) session.action = [&session, o] { return dispatch(session, *o, run); };
  });
  const auto add = [&](const char* name, const char* about, const std::function<int(const Request&)>& act_on) {
    auto* sub = command->add_subcommand(name, about);
    sub->callback(
        [&session, o, act_on] { session.action = [&session, o, act_on] { return dispatch(session, *o, act_on); }; });
    return sub;
  };
  add("status", "Lag, what waits, what is parked, where Redis and SQL differ", show_status);
  add("parked", "Entries that SQL refused, and those that wait behind them", show_parked);
  auto* retries = add("retry", "Apply parked entries again", [](const Request& request) { return act(request, true); });
  retries->add_option("--entry", o->entry, "Only this one");
  retries->add_option("--why", o->why, "The reason, for the audit log");
  auto* drops =
      add("drop", "Forget parked entries for good", [](const Request& request) { return act(request, false); });
  drops->add_option("--entry", o->entry, "Only this one");
  drops->add_option("--why", o->why, "The reason, for the audit log");
  drops->add_flag("--yes", o->yes, "Do not ask");
}

}  // namespace waybill::cli
