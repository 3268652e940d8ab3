#include "admin/pause.hpp"

#include <CLI/App.hpp>
#include <memory>

#include "cli/session.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string store;
  admin::RouteAct act;
};

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

int pause(const Session& session, const Options& options) {
  auto opened = open_for_command(session, options.store);
  if (!opened) return fail(opened.error());
  if (auto paused = admin::pause_route(*opened->store, *opened->config, options.act); !paused) {
    return fail(paused.error());
  }
  return report(session, *opened->store,
                "route '" + options.act.route + "' is paused: its messages wait until `waybill resume '" +
                    options.act.route + "'`\n");
}

int resume(const Session& session, const Options& options) {
  auto opened = open_for_command(session, options.store);
  if (!opened) return fail(opened.error());
  if (auto resumed = admin::resume_route(*opened->store, options.act); !resumed) return fail(resumed.error());
  return report(session, *opened->store, "route '" + options.act.route + "' goes on\n");
}

CLI::Option* add(CLI::App& app, Session& session, const char* name, const char* about,
                 int (*act)(const Session&, const Options&)) {
  auto* command = app.add_subcommand(name, about);
  auto options = std::make_shared<Options>();
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

void add_pause(CLI::App& app, Session& session) {
  add(app, session, "pause", "Hold a route back: its messages wait, and nothing is counted against them", pause)
      ->required();
  add(app, session, "resume", "Let a paused route go on", resume);
}

}  // namespace waybill::cli
