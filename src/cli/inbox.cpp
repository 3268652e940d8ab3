#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>

#include "admin/consumed.hpp"
#include "admin/search.hpp"
#include "admin/stores.hpp"
#include "cli/progress.hpp"
#include "cli/record.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "core/glob.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string store, consumer, retention, why;
  bool conflicts = false, yes = false;
};

Result<std::unique_ptr<inbox::Inspection>> open_inbox(const Session& session, const Options& options) {
  auto opened = open_for_command(session, options.store);
  if (!opened) return opened.error();
  return inbox::open_inspection(opened->store->config());
}

std::string when(const std::optional<std::int64_t>& ms) { return ms ? admin::format_when(*ms) : "-"; }

int list_consumers(const Session& session, const Options& options, inbox::Inspection& inbox) {
  auto consumers = inbox.consumers();
  if (!consumers) return fail(consumers.error());
  Table table({"CONSUMER", "MARKS", "CONFLICTS", "OLDEST KEPT", "EXPIRED BEFORE"});
  admin::Json listed = admin::Json::array();
  for (const auto& one : *consumers) {
    if (!glob_matches(options.consumer, one.consumer)) continue;
    listed.push_back(admin::consumer_json(one));
    table.add({one.consumer, (one.is_estimate ? "about " : "") + grouped(one.marks), grouped(one.conflicts),
               when(one.oldest_kept_ms), when(one.bound_ms)},
              one.conflicts > 0 ? Tone::warning : Tone::plain);
  }
  if (session.json) session.print(admin::Json{{"consumers", listed}});
  if (!session.json && !table.empty()) session.print(table.render(session.terminal));
  return table.empty() ? nothing_matched : done;
}

int list_conflicts(const Session& session, const Options& options, inbox::Inspection& inbox) {
  auto found = inbox.conflicts({options.consumer, 0, 1000});
  if (!found) return fail(found.error());
  Table table({"FOUND", "CONSUMER", "UNIQUE ID", "FINGERPRINT", "KEPT MESSAGE", "REFUSED MESSAGE"});
  admin::Json listed = admin::Json::array();
  for (const auto& one : *found) {
    listed.push_back(admin::conflict_json(one));
    table.add({admin::format_when(one.found_ms), one.consumer, one.unique_id, one.fingerprint, one.kept_message_id,
               one.message_id});
  }
  if (session.json) session.print(admin::Json{{"conflicts", listed}});
  if (!session.json && !table.empty()) session.print(table.render(session.terminal));
  return table.empty() ? nothing_matched : done;
}

int list(const Session& session, const Options& options) {
  auto inbox = open_inbox(session, options);
  if (!inbox) return fail(inbox.error());
  return options.conflicts ? list_conflicts(session, options, **inbox) : list_consumers(session, options, **inbox);
}

int purge(const Session& session, const Options& options) {
  auto retention = duration_option("--older-than", options.retention);
  if (!retention) return fail(retention.error());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*retention).count();
  auto opened = open_for_command(session, options.store);
  if (!opened) return fail(opened.error());
  auto inbox = inbox::open_inspection(opened->store->config());
  if (!inbox) return fail(inbox.error());
  const auto question = fmt::format(
      "Forget the marks of consumer '{}' that are older than {}? A message that old then answers 'expired'.",
      options.consumer, options.retention);
  if (!confirmed_by_person(session, options.yes, question)) return wrong_usage;
  ProgressBar bar(session.terminal, "purge", 0);
  auto gone = (*inbox)->purge(options.consumer, seconds, [&bar](std::uint64_t n) {
    bar.update(n);
    return true;
  });
  if (!gone) return fail(gone.error());
  if (*gone > 0) {
    const auto subject =
        fmt::format("marks of consumer '{}' that were older than {}: {}", options.consumer, options.retention, *gone);
    record(*opened->store, {"purge", {}, operator_name(), options.why, "command line", subject});
  }
  session.json ? session.print(admin::Json{{"purged", *gone}}) : session.print(fmt::format("{} marks purged\n", *gone));
  return *gone == 0 ? nothing_matched : done;
}

}  // namespace

void add_inbox(CLI::App& app, Session& session) {
  auto* inbox = app.add_subcommand("inbox", "What consumers have already done");
  inbox->require_subcommand(1);
  auto* lists = inbox->add_subcommand("list", "Consumers with their marks, or conflicts");
  auto o = std::make_shared<Options>();
  o->consumer = "*";
  lists->add_option("--store", o->store, "The store, when several are configured");
  lists->add_option("--consumer", o->consumer, "A glob (default *)");
  lists->add_flag("--conflicts", o->conflicts, "List conflicts: same operation, other content");
  lists->callback([&session, o] { session.action = [&session, o] { return list(session, *o); }; });
  auto* purges = inbox->add_subcommand("purge", "Forget marks older than a retention");
  auto p = std::make_shared<Options>();
  purges->add_option("--store", p->store, "The store, when several are configured");
  purges->add_option("--consumer", p->consumer, "A glob; * for all")->required();
  purges->add_option("--older-than", p->retention, "The retention, for example 30d")->required();
  purges->add_option("--why", p->why, "The reason, for the audit log");
  purges->add_flag("--yes", p->yes, "Do not ask");
  purges->callback([&session, p] { session.action = [&session, p] { return purge(session, *p); }; });
  add_inbox_reconcile(*inbox, session);
  add_inbox_shards(*inbox, session);
}

}  // namespace waybill::cli
