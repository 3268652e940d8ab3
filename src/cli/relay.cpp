#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <atomic>
#include <memory>
#include <thread>

#include "cli/long_running.hpp"
#include "cli/running_relay.hpp"
#include "cli/session.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

void reload(const Session& session, RunningRelay& relay, const LogSink& log) {
  log("info", "reloading " + session.config_file);
  const auto reloaded = relay.reload(session.load());
  if (reloaded) {
    log("info", "reloaded");
  } else {
    log("error", "not reloaded, the former configuration goes on: " + reloaded.error().message());
  }
}

/// Waits until something ends the relay's work. Gives the signal, or 0 when it drained or can't go on.
int wait_for_end(const Session& session, RunningRelay& relay, const StopSignals& signals, bool drain,
                 const LogSink& log) {
  while (true) {
    const int signal = signals.wait_briefly();
    if (signal == SIGHUP) {
      reload(session, relay, log);
    } else if (signal != 0) {
      return signal;
    }
    if (relay.service().fatal()) return 0;
    if (drain && relay.service().drained()) return 0;
  }
}

/// Stops in good order; a second signal ends the process at once, which is safe and only costs re-sends.
bool stop(relay::Service& service, const StopSignals& signals, Duration limit) {
  std::atomic<bool> stopped{false};
  bool clean = false;
  std::thread stopping([&] {
    clean = service.stop(limit);
    stopped = true;
  });
  while (!stopped) {
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
  const auto logger = make_logger("relay");
  const LogSink log = [logger](std::string_view level, std::string_view text) {
    logger->log(spdlog::level::from_str(std::string(level)), printable(text));
  };
  auto started = RunningRelay::start(*config, log);
  if (!started) return fail(started.error());
  auto& relay = **started;
  logger->info("relay {} started with {}", process_name(), config->file);
  const int signal = wait_for_end(session, relay, signals, drain, log);
  if (signal != 0) logger->info("stopping on signal {}: waiting for open confirms", signal);
  const auto fatal = relay.service().fatal();
  const bool clean = stop(relay.service(), signals, relay.config().relay.stop_timeout);
  if (fatal) return fail(*fatal);
  logger->info("stopped{}", clean ? "" : "; some answers are in doubt and will be sent again, flagged");
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
