#include <CLI/App.hpp>
#include <memory>

#include "admin/premise.hpp"
#include "admin/sending.hpp"
#include "cli/session.hpp"
#include "core/glob.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string topic, key;
};

admin::Json route_json(const RouteConfig& route, const Options& options) {
  return {{"topic", options.topic},
          {"route", route.topic},
          {"broker", route.broker},
          {"exchange", render_template(route.exchange, options.topic, options.key)},
          {"routing_key", render_template(route.routing_key, options.topic, options.key)}};
}

/// Routes further down that match too, and lose.
std::vector<std::string> shadowed(const Config& config, const RouteConfig& winner, const std::string& topic) {
  std::vector<std::string> others;
  for (const auto& route : config.routes) {
    if (&route != &winner && glob_matches(route.topic, topic)) others.push_back(route.topic);
  }
  return others;
}

int run(const Session& session, const Options& options) {
  auto config = session.load();
  if (!config) return fail(config.error());
  const auto* route = config->route(options.topic);
  if (route == nullptr) {
    if (session.json) session.print(admin::Json{{"topic", options.topic}, {"route", nullptr}});
    complain(admin::no_route(*config, options.topic).message());
    return nothing_matched;
  }
  auto document = route_json(*route, options);
  const auto others = shadowed(*config, *route, options.topic);
  document["also_match"] = others;
  document["premise"] = admin::premise_of(*config, *route);
  if (session.json) {
    session.print(document);
    return done;
  }
  std::string text = "route '" + route->topic + "' wins: it is the first in " + config->file + " that matches '" +
                     options.topic + "'\n";
  text += "broker '" + route->broker + "', exchange '" + document["exchange"].get<std::string>() + "', routing key '" +
          document["routing_key"].get<std::string>() + "'\n";
  for (const auto& other : others) text += "route '" + other + "' matches too, but comes later\n";
  session.print(text + document["premise"].get<std::string>() + "\n");
  return done;
}

}  // namespace

void add_route(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("route", "Which route a topic takes, and why");
  auto options = std::make_shared<Options>();
  command->add_option("topic", options->topic, "The topic")->required();
  command->add_option("--key", options->key, "A key, for templates with {key}");
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
