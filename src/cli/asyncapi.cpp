#include "admin/asyncapi.hpp"

#include <CLI/App.hpp>
#include <memory>

#include "cli/session.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string title = "Messages of this installation", version = "1.0.0";
};

int run(const Session& session, const Options& options) {
  auto config = session.load();
  if (!config) return fail(config.error());
  session.print(admin::asyncapi_json(*config, options.title, options.version));
  return done;
}

}  // namespace

void add_asyncapi(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("asyncapi", "Describe what the configuration sends where, for those who consume");
  auto options = std::make_shared<Options>();
  command->add_option("--title", options->title, "The document's title");
  command->add_option("--doc-version", options->version, "The document's version (default 1.0.0)");
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
