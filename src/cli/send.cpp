#include <CLI/App.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "admin/sending.hpp"
#include "admin/stores.hpp"
#include "cli/session.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

constexpr std::uint64_t max_batch_bytes = 1u << 30;

struct Options {
  std::string store, topic, key, id, delay, payload, payload_file, content_type, batch, stdin_mark;
  std::vector<std::string> headers;
  bool no_route_check = false;
  bool has_key = false, has_id = false, has_payload = false, has_topic = false;
};

Error usage(const std::string& text) { return {ErrorCode::invalid_argument, text}; }

/// From exactly one of --payload, --payload-file and `-`.
Result<std::string> payload_of(const Options& options, const StoreConfig& store) {
  if (!options.stdin_mark.empty() && options.stdin_mark != "-") {
    return usage("unexpected argument '" + options.stdin_mark + "' (the payload follows --payload; - is stdin)");
  }
  const int sources =
      (options.has_payload ? 1 : 0) + (options.payload_file.empty() ? 0 : 1) + (options.stdin_mark.empty() ? 0 : 1);
  if (sources != 1)
    return usage("give the payload by exactly one of --payload TEXT, --payload-file FILE and - (stdin)");
  if (options.has_payload) return options.payload;
  // One byte more than allowed is read, so that the check of the message finds it too large; the true size of a file of
  // a few MiB over the limit is still told.
  const auto limit = store.max_payload + (64u << 20);
  return read_input(options.stdin_mark.empty() ? options.payload_file : "-", limit);
}

Result<Message> message_of(const Options& options, const StoreConfig& store) {
  if (!options.has_topic) return usage("--topic is required");
  if (options.has_id && options.id.empty()) return usage("--id is empty: leave it out to get a new id");
  Message message;
  message.topic = Topic(options.topic);
  message.id = MessageId(options.id);
  if (options.has_key) message.key = Key(options.key);
  message.content_type = options.content_type;
  for (const auto& header : options.headers) {
    if (auto added = admin::add_header(header, message.headers); !added) return added.error();
  }
  if (!options.delay.empty()) {
    auto delay = parse_duration(options.delay);
    if (!delay) return usage("--delay: " + delay.error().message());
    using std::chrono::system_clock;
    message.not_before = system_clock::now() + std::chrono::duration_cast<system_clock::duration>(*delay);
  }
  auto payload = payload_of(options, store);
  if (!payload) return payload.error();
  message.payload = std::move(*payload);
  return message;
}

Result<std::vector<Message>> messages_of(const Options& options, const admin::SendingRules& rules) {
  if (!options.batch.empty()) {
    if (options.has_topic || options.has_payload || !options.payload_file.empty() || !options.stdin_mark.empty()) {
      return usage("--batch takes everything from its file: leave out --topic and the payload");
    }
    auto text = read_input(options.batch, max_batch_bytes);
    if (!text) return text.error();
    if (text->size() > max_batch_bytes) return usage("batch '" + options.batch + "' is over 1 GiB: split it");
    return admin::parse_batch(*text, options.batch == "-" ? "stdin" : options.batch, rules);
  }
  auto message = message_of(options, *rules.store);
  if (!message) return message.error();
  if (auto valid = admin::check_message(*message, rules); !valid) return valid.error();
  return std::vector<Message>{std::move(*message)};
}

int run(const Session& session, const Options& options) {
  auto config = session.load();
  if (!config) return fail(config.error());
  auto chosen = admin::choose_store(*config, options.store);
  if (!chosen) return fail(chosen.error());
  const admin::SendingRules rules{&*config, *chosen, !options.no_route_check};
  auto messages = messages_of(options, rules);
  if (!messages) return fail(messages.error());
  if (messages->empty()) {
    complain("batch '" + options.batch + "' holds no message");
    return nothing_matched;
  }
  auto store = store::open_store(**chosen);
  if (!store) return fail(store.error());
  if (auto usable = admin::require_schema(**store); !usable) return fail(usable.error());
  auto ids = (*store)->persist(*messages);
  if (!ids) return fail(ids.error());
  admin::Json listed = admin::Json::array();
  std::string text;
  for (const auto& id : *ids) {
    listed.push_back(id.str());
    text += id.str() + "\n";
  }
  session.json ? session.print(admin::Json{{"store", (*chosen)->name}, {"ids", listed}}) : session.print(text);
  return done;
}

}  // namespace

void add_send(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("send", "Persist one message, or a batch, and print the ids");
  auto o = std::make_shared<Options>();
  command->add_option("--store", o->store, "The store, when several are configured");
  auto* topic = command->add_option("--topic", o->topic, "Where it should go, for example orders.created");
  auto* key = command->add_option("--key", o->key, "What is kept in order, for example a customer's number");
  auto* id = command->add_option("--id", o->id, "The message's id (default: a new UUIDv7)");
  command->add_option("--header", o->headers, "A header, NAME=VALUE; may be repeated")->allow_extra_args(false);
  command->add_option("--content-type", o->content_type, "For example application/json");
  command->add_option("--delay", o->delay, "Publish not before this span has passed, for example 10s");
  auto* payload = command->add_option("--payload", o->payload, "The payload as text");
  command->add_option("--payload-file", o->payload_file, "The file whose bytes are the payload (- for stdin)");
  command->add_option("stdin", o->stdin_mark, "- takes the payload from stdin");
  command->add_option("--batch", o->batch, "One message per line of this NDJSON file (- for stdin), all or none");
  command->add_flag("--no-route-check", o->no_route_check, "Persist also what no route matches; it fails visibly");
  command->callback([&session, o, topic, key, id, payload] {
    o->has_topic = topic->count() > 0;
    o->has_key = key->count() > 0;
    o->has_id = id->count() > 0;
    o->has_payload = payload->count() > 0;
    session.action = [&session, o] { return run(session, *o); };
  });
}

}  // namespace waybill::cli
