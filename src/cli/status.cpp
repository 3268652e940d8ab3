#include "admin/status.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "admin/condition.hpp"
#include "admin/premise.hpp"
#include "admin/stores.hpp"
#include "cli/status_wait.hpp"
#include "cli/status_watch.hpp"
#include "cli/table.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

// Each look costs every store a few reads.
constexpr Duration shortest_interval = std::chrono::milliseconds{10};

struct Options {
  std::string store, interval = "1s", timeout;
  std::vector<std::string> fail_if;
  bool watch = false, wait_drained = false;
};

std::string stores_table(const Terminal& terminal, const admin::StatusReport& report) {
  Table table({"STORE", "SENDING", "FAILED", "OLDEST", "BLOCKED", "LANES HELD", "URL"});
  for (const auto& store : report.stores) {
    if (store.error) {
      table.add({store.name, "?", "?", "?", "?", "?", store.error->message()}, Tone::bad);
      continue;
    }
    std::size_t held = 0;
    for (const auto& holder : store.holders) held += holder.holder.empty() ? 0U : 1U;
    table.add({store.name, (store.counts.sending_is_estimate ? "about " : "") + grouped(store.counts.sending),
               grouped(store.counts.failed), age(store.counts.oldest_sending_seconds),
               grouped(store.counts.blocked_scopes), fmt::format("{}/{}", held, store.holders.size()), store.url},
              store.counts.failed > 0 ? Tone::warning : Tone::plain);
  }
  return table.render(terminal);
}

Tone tone_of(const std::string& state) {
  if (state == "flowing") return Tone::good;
  if (state == "down") return Tone::bad;
  return state == "stalled" || state == "paused" ? Tone::warning : Tone::plain;
}

std::string routes_table(const Terminal& terminal, const admin::StatusReport& report) {
  Table table({"ROUTE", "BROKER", "STATE", "RATE/S", "IN FLIGHT", "CONFIRMED", "REJECTED", "UNROUTABLE", "TWICE?"});
  for (const auto& route : report.routes) {
    const auto& f = route.figures;
    table.add(
        {f.topic, f.broker, f.state, fmt::format("{:.0f}", f.rate), grouped(f.in_flight), grouped(f.confirmed_total),
         grouped(f.rejected_total), grouped(f.unroutable_total), grouped(f.duplicates_possible_total)},
        tone_of(f.state));
  }
  return table.render(terminal);
}

std::string text_of(const Terminal& terminal, const admin::StatusReport& report) {
  std::string text = stores_table(terminal, report) + "\n" + routes_table(terminal, report);
  for (const auto& route : report.routes) {
    const auto& figures = route.figures;
    if (!figures.detail.empty()) {
      text += paint(terminal, tone_of(figures.state), printable(figures.topic + ": " + figures.detail)) + "\n";
    }
    text += paint(terminal, Tone::dim,
                  "premise of " + printable(route.figures.topic) + ": " + admin::in_one_line(route.premises)) +
            "\n";
  }
  for (const auto& broker : report.brokers) {
    if (broker.up && !broker.blocked) continue;
    text += paint(terminal, Tone::bad,
                  "broker " + broker.broker + " is " + (broker.up ? "blocked" : "down") + " for relay " + broker.relay +
                      ": " + printable(broker.detail)) +
            "\n";
  }
  return text;
}

Status check_together(const Session& session, const Options& options) {
  const auto exclude = [](const std::string& what) { return Error(ErrorCode::invalid_argument, what); };
  if (options.watch && session.json) {
    return exclude("--watch and --json exclude each other: --json prints one document");
  }
  if (options.watch && (options.wait_drained || !options.fail_if.empty())) {
    return exclude("--watch goes on until it is stopped: leave out --wait-drained and --fail-if");
  }
  if (!options.timeout.empty() && !options.wait_drained) return exclude("--timeout is for --wait-drained");
  return {};
}

Result<DrainWait> read_wait(const Session& session, const Options& options) {
  if (auto fine = check_together(session, options); !fine) return fine.error();
  DrainWait wait;
  auto interval = duration_option("--interval", options.interval);
  if (!interval) return interval.error();
  if (*interval < shortest_interval) {
    return Error(ErrorCode::invalid_argument, "--interval: at least " + format_duration(shortest_interval));
  }
  wait.interval = *interval;
  if (!options.timeout.empty()) {
    auto timeout = duration_option("--timeout", options.timeout);
    if (!timeout) return timeout.error();
    wait.limit = *timeout;
  }
  auto fail_if = admin::parse_conditions("--fail-if", options.fail_if);
  if (!fail_if) return fail_if.error();
  wait.give_up_when = std::move(*fail_if);
  return wait;
}

/// Says which conditions hold, and gives the exit code.
int judge(const admin::StatusReport& report, std::span<const admin::Condition> fail_if) {
  const auto figures = admin::figures_of(report);
  int code = done;
  for (const auto& condition : fail_if) {
    if (!condition.holds(figures)) continue;
    complain(condition.in_words(figures));
    code = failed;
  }
  return code;
}

int show_once(const Session& session, const admin::StatusReport& report, std::span<const admin::Condition> fail_if) {
  session.json ? session.print(admin::status_json(report)) : session.print(text_of(session.terminal, report));
  const auto error = report.first_error();
  return error ? fail(*error) : judge(report, fail_if);
}

int show_drained(const Session& session, const Config& config, std::span<const std::unique_ptr<store::Store>> stores,
                 const DrainWait& wait) {
  const auto report = wait_drained(session, config, stores, wait);
  if (!report) return fail(report.error());
  const int code = show_once(session, *report, wait.give_up_when);
  if (sending_in(*report) == 0 || code != done) return code;
  complain(fmt::format("not drained after {}: {} still sending{}", format_duration(wait.limit.value_or(Duration{})),
                       sending_in(*report), report->relays.empty() ? ", and no relay is running" : ""));
  return failed;
}

int run(const Session& session, const Options& options) {
  auto wait = read_wait(session, options);
  if (!wait) return fail(wait.error());
  auto config = session.load();
  if (!config) return fail(config.error());
  auto stores = admin::open_stores(*config, options.store);
  if (!stores) return fail(stores.error());
  if (options.wait_drained) return show_drained(session, *config, *stores, *wait);
  if (!options.watch) return show_once(session, admin::read_status(*config, *stores), wait->give_up_when);
  const auto text = [&] { return text_of(session.terminal, admin::read_status(*config, *stores)); };
  return watch_status(session, *config, {options.store, wait->interval, text});
}

}  // namespace

void add_status(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("status", "Per store and route: sending, failed, oldest age, rate, in flight");
  auto options = std::make_shared<Options>();
  command->add_option("--store", options->store, "Only this store");
  command->add_flag("--watch", options->watch, "Show it again and again; on a terminal, act meanwhile");
  command->add_flag("--wait-drained", options->wait_drained, "Show it once nothing is sending any more");
  command->add_option("--timeout", options->timeout, "How long --wait-drained waits at most: 10m; then exit code 1");
  command->add_option("--interval", options->interval, "How often --watch and --wait-drained look (default 1s)");
  command
      ->add_option("--fail-if", options->fail_if, "Exit code 1 when this holds: failed>0, oldest>5m; may be repeated")
      ->allow_extra_args(false);
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
