#include <unistd.h>

#include <CLI/App.hpp>
#include <atomic>
#include <memory>
#include <thread>

#include "cli/long_running.hpp"
#include "cli/running_relay.hpp"
#include "cli/session.hpp"
#include "cli/supervisor.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

void reload(const Session& session, RunningRelay& relay, Supervisor& supervisor, const Journal& journal) {
  journal.info("reloading " + session.config_file);
  supervisor.reloading();
  const auto reloaded = relay.reload(session.load(), [&supervisor] { supervisor.alive(); });
  supervisor.ready();
  if (reloaded) {
    journal.info("reloaded");
  } else {
    journal.write("error", "not reloaded, the former configuration goes on: " + reloaded.error().message());
  }
}

/// One line for who looks at the service: `2 of 4 lanes held, 12 in flight`.
std::string summary(const relay::Service& service) {
  std::size_t held = 0, lanes = 0, in_flight = 0;
  for (const auto& site : service.figures()) {
    lanes += site.lanes.size();
    for (const auto& lane : site.lanes) held += lane.held ? 1U : 0U;
    for (const auto& route : site.routes) in_flight += route.in_flight;
  }
  return std::to_string(held) + " of " + std::to_string(lanes) + " lanes held, " + std::to_string(in_flight) +
         " in flight";
}

/// Waits until something ends the relay's work. Gives the signal, or 0 when it drained or can't go on.
int wait_for_end(const Session& session, RunningRelay& relay, const StopSignals& signals, Supervisor& supervisor,
                 bool drain, const Journal& journal) {
  while (true) {
    const int signal = signals.wait_briefly();
    supervisor.alive();
    supervisor.status(summary(relay.service()));
    if (signal == SIGHUP) {
      reload(session, relay, supervisor, journal);
    } else if (signal != 0) {
      return signal;
    }
    if (relay.service().fatal()) return 0;
    if (drain && relay.service().drained()) return 0;
  }
}

/// Stops in good order; a second signal ends the process at once, which is safe and only costs re-sends.
bool stop(relay::Service& service, const StopSignals& signals, Supervisor& supervisor, Duration limit) {
  std::atomic<bool> stopped{false};
  bool clean = false;
  std::thread stopping([&] {
    clean = service.stop(limit);
    stopped = true;
  });
  while (!stopped) {
    supervisor.alive();
    if (const int signal = signals.wait_briefly(); signal != 0 && signal != SIGHUP) _exit(128 + signal);
  }
  stopping.join();
  return clean;
}

int run(const Session& session, bool drain) {
  auto config = session.load();
  if (!config) return fail(config.error());
  if (auto ready = config->ready_to_relay(); !ready) return fail(ready.error());
  const StopSignals signals(true);
  raise_descriptor_limit();
  const Journal journal("relay", config->log.format);
  auto started = RunningRelay::start(*config, journal);
  if (!started) return fail(started.error());
  auto& relay = **started;
  journal.info("relay " + process_name() + " started with " + config->file);
  Supervisor supervisor;
  supervisor.ready();
  const int signal = wait_for_end(session, relay, signals, supervisor, drain, journal);
  supervisor.stopping();
  if (signal != 0) journal.info("stopping on signal " + std::to_string(signal) + ": waiting for open confirms");
  const auto fatal = relay.service().fatal();
  const bool clean = stop(relay.service(), signals, supervisor, relay.config().relay.stop_timeout);
  if (fatal) return fail(*fatal);
  journal.info(clean ? "stopped" : "stopped; some answers are in doubt and will be sent again, flagged");
  return done;
}

}  // namespace

void add_relay(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("relay", "Move messages from the stores to the brokers");
  auto drain = std::make_shared<bool>(false);
  command->add_flag("--drain", *drain, "Stop, with exit code 0, when nothing is left to send");
  command->callback([&session, drain] { session.action = [&session, drain] { return run(session, *drain); }; });
}

}  // namespace waybill::cli
