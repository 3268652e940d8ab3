#include <CLI/App.hpp>
#include <memory>

#include "admin/routing.hpp"
#include "admin/sending.hpp"
#include "cli/session.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string topic, key;
};

int run(const Session& session, const Options& options) {
  auto config = session.load();
  if (!config) return fail(config.error());
  const auto document = admin::routing_json(*config, options.topic, options.key);
  if (!document) {
    if (session.json) session.print(admin::Json{{"topic", options.topic}, {"route", nullptr}});
    complain(admin::no_route(*config, options.topic).message());
    return nothing_matched;
  }
  if (session.json) {
    session.print(*document);
    return done;
  }
  const auto said = [&](const char* name) { return document->at(name).get<std::string>(); };
  std::string text = "route '" + said("route") + "' wins: it is the first in " + config->file + " that matches '" +
                     options.topic + "'\n";
  text += "broker '" + said("broker") + "', exchange '" + said("exchange") + "', routing key '" + said("routing_key") +
          "'\n";
  for (const auto& other : document->at("also_match")) {
    text += "route '" + other.get<std::string>() + "' matches too, but comes later\n";
  }
  session.print(text + said("premise") + "\n");
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
