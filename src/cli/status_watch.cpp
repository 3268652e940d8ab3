#include "cli/status_watch.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/failed_desk.hpp"
#include "cli/operations.hpp"
#include "cli/pause.hpp"
#include "cli/table.hpp"

namespace waybill::cli {
namespace {

// Home, then clear what is left below: no flicker, unlike clearing first.
constexpr const char* redraw = "\033[H\033[J";
constexpr const char* keys =
    "p: pause a route   r: resume a route   f: failed   o: operations   Enter: look now   q: quit";
constexpr std::size_t shown_operations = 20;
constexpr Duration longest_interval = std::chrono::hours{24};  // what poll() can count

/// Whether a line was typed before the interval is over.
bool typed_within(Duration interval) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(std::min(interval, longest_interval));
  return ::poll(&input, 1, static_cast<int>(limit.count())) > 0;
}

/// The routes, to be chosen by number or by their topic; empty: none after all.
std::string chosen_route(const Session& session, const Config& config) {
  Table table({"", "ROUTE", "BROKER"});
  for (std::size_t i = 0; i < config.routes.size(); ++i)
    table.add({std::to_string(i + 1), config.routes[i].topic, config.routes[i].broker});
  session.print(table.render(session.terminal));
  auto typed = ask("Its number or topic (empty: none): ").value_or("");
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    if (typed == std::to_string(i + 1)) return config.routes[i].topic;
  }
  return typed;
}

void hold_or_let_go(const Session& session, const Config& config, const std::string& store, bool pause) {
  RouteOrder order{store, {chosen_route(session, config), operator_name(), "", "command line"}};
  if (order.act.route.empty()) return;
  order.act.why = ask(pause ? "Reason, shown to others and kept (empty: leave it): " : "Reason: ").value_or("");
  if (pause && order.act.why.empty()) return;
  pause ? pause_route(session, order) : resume_route(session, order);
}

class Watch {
 public:
  Watch(const Session& session, const Config& config, const StatusWatch& watch)
      : session_(session), config_(config), watch_(watch) {}

  int run() {
    while (!quit_) {
      session_.print(redraw + watch_.text() + paint(session_.terminal, Tone::dim, keys) + "\n");
      if (!typed_within(watch_.interval)) continue;
      const auto typed = ask("");
      typed ? act(*typed) : static_cast<void>(quit_ = true);
    }
    return done;
  }

 private:
  void act(const std::string& typed) {
    if (typed == "q") {
      quit_ = true;
    } else if (typed == "p" || typed == "r") {
      hold_or_let_go(session_, config_, watch_.store, typed == "p");
      wait();
    } else if (typed == "f") {
      if (failed_desk(session_, watch_.store) != done) wait();
    } else if (typed == "o") {
      list_operations(session_, watch_.store, shown_operations);
      wait();
    }
  }

  // The next look would wipe out what was said.
  void wait() { quit_ = !ask("Enter: look on ").has_value(); }

  const Session& session_;
  const Config& config_;
  const StatusWatch& watch_;
  bool quit_ = false;
};

}  // namespace

int watch_status(const Session& session, const Config& config, const StatusWatch& watch) {
  const auto& terminal = session.terminal;
  const bool redraws = terminal.out_is_terminal && !terminal.dumb;
  if (redraws && terminal.in_is_terminal) return Watch(session, config, watch).run();
  while (true) {
    session.print((redraws ? redraw : "") + watch.text() + (redraws ? "" : "\n"));
    std::this_thread::sleep_for(watch.interval);
  }
}

}  // namespace waybill::cli
