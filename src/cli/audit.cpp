#include "admin/audit.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>

#include "admin/consumed.hpp"
#include "admin/search.hpp"
#include "admin/status.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

namespace waybill::cli {
namespace {

constexpr std::uint64_t max_ids_bytes = 4ull << 30;

struct Options {
  std::string store, ids, consumer, since, until;
  bool settled = false;
};

std::string joined(const std::vector<std::string>& ids) {
  std::string text;
  for (const auto& id : ids) text += (text.empty() ? "" : " ") + id;
  return text;
}

std::string text_of(const Terminal& terminal, const admin::Audit& audit) {
  Table table({"CLASS", "COUNT", "FIRST"});
  const auto add = [&table](const char* name, const admin::AuditClass& one, Tone tone = Tone::plain) {
    table.add({name, grouped(one.count), joined(one.first)}, one.count > 0 ? tone : Tone::plain);
  };
  table.add({"persisted", grouped(audit.persisted), ""});
  add("repeated", audit.repeated, Tone::warning);
  add("sending", audit.sending);
  add("failed", audit.failed, Tone::warning);
  add("dropped", audit.dropped);
  add("confirmed", audit.left);
  if (audit.consumer_known) {
    add("consumed", audit.consumed, Tone::good);
    add("unconsumed", audit.unconsumed, Tone::warning);
  }
  return table.render(terminal);
}

int judge(const admin::Audit& audit, const Options& options) {
  if (!options.settled || !audit.consumer_known || audit.unconsumed.count == 0) return done;
  complain(fmt::format("lost: {} messages are confirmed, but consumer '{}' has never done them", audit.unconsumed.count,
                       options.consumer));
  return failed;
}

Result<admin::AuditSpan> span_of(const Options& options) {
  const auto now = admin::wall_clock_ms();
  admin::AuditSpan span;
  for (const auto& [text, target] : {std::pair{&options.since, &span.since_ms}, {&options.until, &span.until_ms}}) {
    if (text->empty()) continue;
    auto when = admin::parse_when(*text, now);
    if (!when) return when.error();
    *target = *when;
  }
  return span;
}

Status narrow(const Options& options, std::vector<std::string>& ids) {
  auto span = span_of(options);
  if (!span) return span.error();
  if (!span->is_set()) return {};
  if (const auto without_time = admin::keep_within(ids, *span); without_time > 0) {
    complain(fmt::format("{} ids are no UUIDv7 and tell no time: they are looked up whatever the span", without_time));
  }
  return {};
}

int audit_list(const Session& session, const Options& options, store::Store& store) {
  auto text = read_input(options.ids, max_ids_bytes);
  if (!text) return fail(text.error());
  auto ids = admin::parse_ids(*text, options.ids);
  if (!ids) return fail(ids.error());
  if (auto within = narrow(options, *ids); !within) return fail(within.error());
  if (ids->empty()) {
    complain("'" + options.ids + "' holds no id" +
             (options.since.empty() && options.until.empty() ? "" : " of that span"));
    return nothing_matched;
  }
  auto is_consumed = admin::consumed_lookup(store.config(), options.consumer, [&ids](const auto& take) {
    for (const auto& id : *ids) take(id);
    return Status{};
  });
  if (!is_consumed) return fail(is_consumed.error());
  ProgressBar bar(session.terminal, "audit", ids->size());
  auto audit = admin::audit_ids(store, *ids, *is_consumed, [&bar](auto n) { bar.update(n); });
  if (!audit) return fail(audit.error());
  auto json = admin::audit_json(*audit);
  json["lost"] = options.settled && audit->consumer_known ? admin::Json(audit->unconsumed.count) : admin::Json(nullptr);
  session.json ? session.print(json) : session.print(text_of(session.terminal, *audit));
  return judge(*audit, options);
}

/// Without a list: the totals that store, relays and inbox keep.
int audit_totals(const Session& session, const Options& options, Opened& opened) {
  std::vector<std::unique_ptr<store::Store>> stores;
  stores.push_back(std::move(opened.store));
  const auto status = admin::read_status(*opened.config, stores);
  if (const auto error = status.first_error()) return fail(*error);
  std::uint64_t confirmed = 0;
  std::uint64_t maybe_twice = 0;
  for (const auto& route : status.routes) {
    confirmed += route.figures.confirmed_total;
    maybe_twice += route.figures.duplicates_possible_total;
  }
  const auto& counts = status.stores.front().counts;
  auto inbox = admin::inbox_totals(stores.front()->config(), options.consumer);
  if (!inbox) return fail(inbox.error());
  const admin::Json json{{"sending", counts.sending},
                         {"failed", counts.failed},
                         {"confirmed_total", confirmed},
                         {"duplicates_possible_total", maybe_twice},
                         {"inbox", *inbox}};
  if (session.json) {
    session.print(json);
    return done;
  }
  Table table({"CLASS", "COUNT"});
  table.add({"sending", grouped(counts.sending)});
  table.add({"failed", grouped(counts.failed)}, counts.failed > 0 ? Tone::warning : Tone::plain);
  table.add({"confirmed since the relays started", grouped(confirmed)});
  table.add({"possibly sent twice", grouped(maybe_twice)});
  for (const auto& one : *inbox) {
    const auto name = one["consumer"].get<std::string>();
    table.add({"consumed by " + name, grouped(one["marks"].get<std::uint64_t>())});
    table.add({"conflicts of " + name, grouped(one["conflicts"].get<std::uint64_t>())});
  }
  session.print(table.render(session.terminal) +
                "With --ids FILE (the ids your service persisted) every message is looked up.\n");
  return done;
}

int run(const Session& session, const Options& options) {
  if (options.settled && (options.ids.empty() || options.consumer.empty())) {
    return fail(Error(ErrorCode::invalid_argument, "--settled needs --ids and --consumer"));
  }
  if (options.ids.empty() && !(options.since.empty() && options.until.empty())) {
    return fail(Error(ErrorCode::invalid_argument, "--since and --until need --ids: totals are kept without a time"));
  }
  auto opened = open_for_command(session, options.store);
  if (!opened) return fail(opened.error());
  return options.ids.empty() ? audit_totals(session, options, *opened) : audit_list(session, options, *opened->store);
}

}  // namespace

void add_audit(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("audit", "Compare what was persisted, confirmed and consumed");
  auto options = std::make_shared<Options>();
  command->add_option("--store", options->store, "The store, when several are configured");
  command->add_option("--ids", options->ids,
                      "The ids your service persisted: one a line, or NDJSON with \"id\" (- for stdin)");
  command->add_option("--consumer", options->consumer, "The consumer whose inbox, in the same database, is compared");
  command->add_option("--since", options->since, "Of the ids, those persisted since: 2h (ago), 2026-11-24T18:30:00Z");
  command->add_option("--until", options->until, "Of the ids, those persisted before");
  command->add_flag("--settled", options->settled,
                    "All queues are empty: what is confirmed and not consumed is lost (exit code 1)");
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli
