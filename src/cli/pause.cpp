#include "cli/pause.hpp"

#include <CLI/App.hpp>
#include <memory>

namespace waybill::cli {
namespace {

int report(const Session& session, store::Store& store, const std::string& text) {
  if (!session.json) {
    session.print(text);
    return done;
  }
  const auto pauses = store.pauses();
  if (!pauses) return fail(pauses.error());
  session.print(admin::Json{{"store", store.config().name}, {"paused", admin::pauses_json(*pauses)}});
  return done;
}

CLI::Option* add(CLI::App& app, Session& session, const char* name, const char* about,
                 int (*act)(const Session&, const RouteOrder&)) {
  auto* command = app.add_subcommand(name, about);
  auto options = std::make_shared<RouteOrder>();
  command->add_option("route", options->act.route, "The route's topic, as the configuration writes it")->required();
  command->add_option("--store", options->store, "The store, when several are configured");
  auto* why = command->add_option("--why", options->act.why, "The reason, shown to others and kept");
  command->callback([&session, options, act] {
    session.action = [&session, options, act] {
      options->act.who = operator_name();
      options->act.from = "command line";
      return act(session, *options);
    };
  });
  return why;
}

}  // namespace

int pause_route(const Session& session, const RouteOrder& order) {
  auto opened = open_for_command(session, order.store);
  if (!opened) return fail(opened.error());
  if (auto paused = admin::pause_route(*opened->store, *opened->config, order.act); !paused) {
    return fail(paused.error());
  }
  return report(session, *opened->store,
                "route '" + order.act.route + "' is paused: its messages wait until `waybill resume '" +
                    order.act.route + "'`\n");
}

int resume_route(const Session& session, const RouteOrder& order) {
  auto opened = open_for_command(session, order.store);
  if (!opened) return fail(opened.error());
  if (auto resumed = admin::resume_route(*opened->store, order.act); !resumed) return fail(resumed.error());
  return report(session, *opened->store, "route '" + order.act.route + "' goes on\n");
}

void add_pause(CLI::App& app, Session& session) {
  add(app, session, "pause", "Hold a route back: its messages wait, and nothing is counted against them", pause_route)
      ->required();
  add(app, session, "resume", "Let a paused route go on", resume_route);
}

}  // namespace waybill::cli
