#include "admin/status.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>

#include "admin/premise.hpp"
#include "admin/stores.hpp"
#include "cli/status_watch.hpp"
#include "cli/table.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string store, interval = "1s";
  bool watch = false;
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

int show_once(const Session& session, const admin::StatusReport& report) {
  session.json ? session.print(admin::status_json(report)) : session.print(text_of(session.terminal, report));
  const auto error = report.first_error();
  return error ? fail(*error) : static_cast<int>(done);
}

int run(const Session& session, const Options& options) {
  auto config = session.load();
  if (!config) return fail(config.error());
  auto stores = admin::open_stores(*config, options.store);
  if (!stores) return fail(stores.error());
  if (!options.watch) return show_once(session, admin::read_status(*config, *stores));
  auto interval = parse_duration(options.interval);
  if (!interval) return fail(Error(ErrorCode::invalid_argument, "--interval: " + interval.error().message()));
  if (session.json)
    return fail(
        Error(ErrorCode::invalid_argument, "--watch and --json exclude each other: --json prints one document"));
  const auto text = [&] { return text_of(session.terminal, admin::read_status(*config, *stores)); };
  return watch_status(session, *config, {options.store, *interval, text});
}

}  // namespace

void add_status(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("status", "Per store and route: sending, failed, oldest age, rate, in flight");
  auto options = std::make_shared<Options>();
  command->add_option("--store", options->store, "Only this store");
  command->add_flag("--watch", options->watch, "Show it again and again; on a terminal, act meanwhile");
  command->add_option("--interval", options->interval, "How often --watch looks (default 1s)");
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
