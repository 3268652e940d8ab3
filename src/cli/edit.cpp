#include "admin/edit.hpp"

#include <CLI/App.hpp>
#include <memory>

#include "admin/routing.hpp"
#include "admin/sending.hpp"
#include "cli/session.hpp"

namespace waybill::cli {
namespace {

struct Options {
  admin::Edit edit;
  std::string store, payload_file;
  std::vector<std::string> headers, removed;
  bool dry_run = false, yes = false;
};

/// The old message's headers with those that were given, and without those that were named to go.
Status change_headers(store::Store& store, Options& options) {
  if (options.headers.empty() && options.removed.empty()) return {};
  auto old = admin::find_failed(store, options.edit.id);
  if (!old) return old.error();
  auto headers = std::move(old->message.headers);
  for (const auto& name : options.removed) headers.erase(name);
  Headers given;
  for (const auto& header : options.headers) {
    if (auto added = admin::add_header(header, given); !added) return added;
  }
  for (const auto& [name, value] : given) headers.insert_or_assign(name, value);
  options.edit.headers = std::move(headers);
  return {};
}

Status read_payload(const store::Store& store, Options& options) {
  if (options.payload_file.empty()) return {};
  if (options.edit.payload) return Error(ErrorCode::invalid_argument, "give --payload or --payload-file, not both");
  auto payload = read_input(options.payload_file, store.config().max_payload + 1);
  if (!payload) return payload.error();
  options.edit.payload = std::move(*payload);
  return {};
}

int show(const Session& session, const Config& config, const Message& message, const std::string& origin,
         const std::string& id) {
  const auto key = message.key ? message.key->str() : std::string{};
  const auto route = admin::routing_json(config, message.topic.str(), key);
  if (session.json) {
    session.print(admin::Json{{"origin", origin},
                              {"id", id.empty() ? admin::Json(nullptr) : admin::Json(id)},
                              {"route", route ? *route : admin::Json(nullptr)}});
  } else if (id.empty()) {
    session.print("'" + origin + "' would be sent as a new message with topic '" + message.topic.str() + "', " +
                  std::to_string(message.payload.size()) + " bytes, and be dropped itself\n");
  } else {
    session.print(id + "\n");
  }
  return done;
}

int run(const Session& session, Options options) {
  auto opened = open_for_command(session, options.store);
  if (!opened) return fail(opened.error());
  auto& store = *opened->store;
  for (const auto& ready : {read_payload(store, options), change_headers(store, options)}) {
    if (!ready) return fail(ready.error());
  }
  options.edit.who = operator_name();
  options.edit.from = "command line";
  const auto message = admin::edited_message(store, *opened->config, options.edit);
  if (!message) return fail(message.error());
  if (options.dry_run) return show(session, *opened->config, *message, options.edit.id, {});
  if (!confirmed_by_person(session, options.yes, "send '" + options.edit.id + "' as a new message, and drop it?")) {
    return wrong_usage;
  }
  const auto sent = admin::send_edited(store, *opened->config, options.edit);
  if (!sent) return fail(sent.error());
  return show(session, *opened->config, *message, options.edit.id, sent->str());
}

}  // namespace

void add_edit(CLI::App& failed, Session& session) {
  auto* command = failed.add_subcommand("edit", "Change a failed message and send it as a new one, in place of it");
  auto options = std::make_shared<Options>();
  auto& edit = options->edit;
  command->add_option("id", edit.id, "The failed message's id")->required();
  command->add_option("--store", options->store, "The store, when several are configured");
  command->add_option("--topic", edit.topic, "Another topic");
  command->add_option("--key", edit.key, "Another key; empty: none");
  command->add_option("--payload", edit.payload, "Another payload, as text");
  command->add_option("--payload-file", options->payload_file, "The file whose bytes are the payload (- for stdin)");
  command->add_option("--content-type", edit.content_type, "Another content type");
  command->add_option("--header", options->headers, "A header, NAME=VALUE, added or changed; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--remove-header", options->removed, "The name of a header that goes; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--why", edit.why, "The reason, kept in the history");
  command->add_flag("--dry-run", options->dry_run, "Say what would be sent; change nothing");
  command->add_flag("--yes", options->yes, "Do not ask");
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
