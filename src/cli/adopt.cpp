#include <CLI/App.hpp>
#include <memory>

#include "admin/adoption.hpp"
#include "cli/session.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string store, from = "debezium";
  admin::Adoption adoption;
  std::vector<std::string> headers;
  bool print = false, remove = false;
};

Error usage(const std::string& text) { return {ErrorCode::invalid_argument, text}; }

Status add_headers(const Options& options, admin::Adoption& adoption) {
  for (const auto& header : options.headers) {
    const auto at = header.find('=');
    if (at == 0 || at == std::string::npos || at + 1 == header.size()) {
      return usage("--header '" + header + "' is not NAME=COLUMN");
    }
    adoption.headers.emplace_back(header.substr(0, at), header.substr(at + 1));
  }
  return {};
}

/// Debezium's columns, with what was said otherwise; or what was said alone.
Result<admin::Adoption> layout_of(const Options& options) {
  const auto& given = options.adoption;
  admin::Adoption layout = given;
  if (options.from == "debezium") {
    layout = admin::debezium_layout(given.table);
    for (auto part : {&admin::Adoption::id, &admin::Adoption::topic, &admin::Adoption::key, &admin::Adoption::payload,
                      &admin::Adoption::content_type}) {
      if (!(given.*part).empty()) layout.*part = given.*part;
    }
    if (!given.fixed_topic.empty()) {
      layout.topic.clear();
      layout.fixed_topic = given.fixed_topic;
    }
  }
  if (layout.topic.empty() == layout.fixed_topic.empty()) {
    return usage("say where messages go: --topic COLUMN, or --fixed-topic TOPIC");
  }
  if (layout.payload.empty()) return usage("say which column is the payload: --payload COLUMN");
  if (auto added = add_headers(options, layout); !added) return added.error();
  return layout;
}

Result<std::vector<std::string>> statements_of(const Options& options, const StoreConfig& store) {
  if (options.remove) return admin::removal_statements(store, options.adoption.table);
  auto layout = layout_of(options);
  if (!layout) return layout.error();
  return admin::adoption_statements(store, *layout);
}

int run(const Session& session, const Options& options) {
  auto opened = open_for_command(session, options.store);
  if (!opened) return fail(opened.error());
  const auto& store = opened->store->config();
  const auto statements = statements_of(options, store);
  if (!statements) return fail(statements.error());
  if (!options.print) {
    if (auto done = admin::run_statements(store, *statements); !done) return fail(done.error());
  }
  if (session.json) {
    session.print(admin::Json{{"store", store.name},
                              {"table", options.adoption.table},
                              {"done", !options.print},
                              {"statements", *statements}});
  } else if (options.print) {
    std::string text;
    for (const auto& statement : *statements) text += statement + ";\n";
    session.print(text);
  } else {
    session.print("table '" + options.adoption.table + "': " +
                  (options.remove ? "nothing more is copied; what was copied stays\n"
                                  : "what is inserted from now on is a message too, in the same transaction\n"));
  }
  return done;
}

}  // namespace

void add_adopt(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand(
      "adopt", "Copy what services insert into another outbox table into ours, by a trigger in their transaction");
  auto o = std::make_shared<Options>();
  command->add_option("--from", o->from, "debezium (default): its outbox event router's columns; table: any table")
      ->check(CLI::IsMember({"debezium", "table"}));
  command->add_option("--table", o->adoption.table, "The table, for example outbox or app.outbox")->required();
  command->add_option("--store", o->store, "The store, when several are configured");
  command->add_option("--id", o->adoption.id, "The column with the message's id (table: none gives a new id)");
  command->add_option("--topic", o->adoption.topic, "The column with the topic");
  command->add_option("--fixed-topic", o->adoption.fixed_topic, "One topic for all, instead of a column");
  command->add_option("--key", o->adoption.key, "The column with the key");
  command->add_option("--payload", o->adoption.payload, "The column with the payload");
  command->add_option("--header", o->headers, "A header from a column, NAME=COLUMN; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--content-type", o->adoption.content_type, "For example application/json");
  command->add_flag("--print", o->print, "Print the SQL, for a DBA; change nothing");
  command->add_flag("--remove", o->remove, "Take the trigger away again");
  command->callback([&session, o] { session.action = [&session, o] { return run(session, *o); }; });
}

}  // namespace waybill::cli
