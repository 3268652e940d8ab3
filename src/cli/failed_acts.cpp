#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <memory>

#include "admin/failed.hpp"
#include "cli/consumed.hpp"
#include "cli/failed_filter.hpp"
#include "cli/resend_steps.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"

namespace waybill::cli {
namespace {

using admin::BulkAct;
using admin::BulkPlan;

struct ActOptions {
  std::shared_ptr<FilterOptions> filter;
  std::string why;
  std::string consumer = "*";
  bool dry_run = false, yes = false, all = false, skip_consumed = false;
  ResendPace pace;
};

std::string past(BulkAct act) {
  if (act == BulkAct::resend) return "resent";
  return act == BulkAct::drop ? "dropped" : "restored";
}

void merge(BulkPlan part, BulkPlan& plan) {
  plan.count += part.count;
  std::ranges::move(part.tickets, std::back_inserter(plan.tickets));
  std::ranges::move(part.ids, std::back_inserter(plan.ids));
  for (const auto& [where, count] : part.destinations) plan.destinations[where] += count;
  for (const auto& [why, count] : part.hopeless) plan.hopeless[why] += count;
}

Result<BulkPlan> make_plan(const Session& session, const Opened& opened, const ActOptions& options, BulkAct act) {
  auto filters = filters_of(*options.filter);
  if (!filters) return filters.error();
  ProgressBar bar(session.terminal, "looking", 0);
  BulkPlan plan;
  for (const auto& filter : *filters) {
    auto part = admin::plan_bulk(*opened.store, *opened.config, filter, act, [&bar](auto n) { bar.update(n); });
    if (!part) return part.error();
    merge(std::move(*part), plan);
  }
  return plan;
}

// What consumers have done already need not be sent again: a failed message may have arrived, too.
Status leave_out_consumed(const StoreConfig& store, const ActOptions& options, BulkPlan& plan) {
  if (!options.skip_consumed) return {};
  auto is_consumed = consumed_lookup(store, options.consumer);
  if (!is_consumed) return is_consumed.error();
  BulkPlan left;
  left.destinations = std::move(plan.destinations);
  left.hopeless = std::move(plan.hopeless);
  for (std::size_t n = 0; n < plan.ids.size(); ++n) {
    auto consumed = (*is_consumed)(plan.ids[n]);
    if (!consumed) return consumed.error();
    if (*consumed) continue;
    left.tickets.push_back(plan.tickets[n]);
    left.ids.push_back(std::move(plan.ids[n]));
  }
  left.count = left.tickets.size();
  left.consumed = plan.count - left.count;
  plan = std::move(left);
  return {};
}

admin::Json plan_json(const BulkPlan& plan, BulkAct act, const ActOptions& options) {
  admin::Json json{{"act", admin::to_string(act)}, {"count", plan.count}};
  json["destinations"] = admin::Json(plan.destinations);
  json["cannot_go"] = admin::Json(plan.hopeless);
  if (options.skip_consumed) json["consumed"] = plan.consumed;
  json["seconds"] =
      options.pace.rate > 0 ? admin::Json(static_cast<double>(plan.count) / options.pace.rate) : admin::Json(nullptr);
  return json;
}

std::string plan_text(const BulkPlan& plan, BulkAct act, const ActOptions& options) {
  std::string text = fmt::format("{} {} messages\n", admin::to_string(act), plan.count);
  for (const auto& [where, count] : plan.destinations) text += fmt::format("  {} to {}\n", count, printable(where));
  for (const auto& [why, count] : plan.hopeless) text += fmt::format("  {} can't go: {}\n", count, printable(why));
  if (options.skip_consumed) text += fmt::format("  {} are left out: consumers have done them\n", plan.consumed);
  if (options.pace.rate > 0) {
    text += fmt::format("  takes about {} at {:.0f} a second\n",
                        age(static_cast<double>(plan.count) / options.pace.rate), options.pace.rate);
  }
  return text;
}

int report_done(const Session& session, BulkAct act, const BulkOutcome& outcome) {
  if (session.json) {
    session.print(admin::Json{{"act", admin::to_string(act)},
                              {"changed", outcome.changed},
                              {"failed_again", outcome.failed_again},
                              {"stopped", outcome.stopped}});
  } else {
    session.print(fmt::format("{} messages {}\n", outcome.changed, past(act)));
  }
  if (outcome.stopped.empty()) return done;
  complain(outcome.stopped);
  return failed;
}

int run(const Session& session, const ActOptions& options, BulkAct act) {
  if (!options.filter->narrows() && !options.all) {
    return fail(Error(ErrorCode::invalid_argument,
                      "say which messages (--id, --topic, --reason, a search line ...), or --all"));
  }
  auto opened = open_for_command(session, options.filter->store);
  if (!opened) return fail(opened.error());
  auto plan = make_plan(session, *opened, options, act);
  if (!plan) return fail(plan.error());
  if (auto less = leave_out_consumed(opened->store->config(), options, *plan); !less) return fail(less.error());
  if (options.dry_run) {
    session.json ? session.print(plan_json(*plan, act, options)) : session.print(plan_text(*plan, act, options));
    return plan->count + plan->consumed + plan->hopeless.size() == 0 ? nothing_matched : done;
  }
  for (const auto& [why, count] : plan->hopeless)
    complain(fmt::format("{} messages stay failed: {}", count, printable(why)));
  if (plan->count == 0) {
    if (session.json) session.print(plan_json(*plan, act, options));
    complain(plan->consumed > 0 ? "consumers have done all that matched" : "no message matched");
    return nothing_matched;
  }
  const auto question =
      fmt::format("{} {} messages of store '{}'?", admin::to_string(act), plan->count, opened->store->config().name);
  if (!confirmed_by_person(session, options.yes, question)) return wrong_usage;
  const BulkOrder order{*opened->store, *plan, act, operator_name(), options.why, options.pace};
  auto outcome = carry_out(order, session.terminal);
  return outcome ? report_done(session, act, *outcome) : fail(outcome.error());
}

CLI::App* add_act(CLI::App& parent, Session& session, BulkAct act, const std::string& text,
                  const std::shared_ptr<ActOptions>& options) {
  auto* command = parent.add_subcommand(std::string(admin::to_string(act)), text);
  options->filter = add_filter(*command);
  command->add_flag("--all", options->all, "All of them, without any filter");
  command->add_flag("--dry-run", options->dry_run,
                    "Say how many, where to, how long, and what can't go; change nothing");
  command->add_flag("--yes", options->yes, "Do not ask");
  command->add_option("--why", options->why, "The reason, kept in the history");
  command->callback(
      [&session, options, act] { session.action = [&session, options, act] { return run(session, *options, act); }; });
  return command;
}

}  // namespace

void add_failed_acts(CLI::App& failed, Session& session) {
  auto options = std::make_shared<ActOptions>();
  auto* resend =
      add_act(failed, session, BulkAct::resend, "Send failed messages again, with their tries reset", options);
  resend->add_option("--rate", options->pace.rate, "At most so many a second")->check(CLI::PositiveNumber);
  resend->add_option("--steps", options->pace.steps, "Send so many first, wait for their answers, then go on: 1,10,100")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  resend
      ->add_option("--stop-at", options->pace.stop_at,
                   "With --steps: stop when this share of a step failed (default 0.1)")
      ->check(CLI::Range(0.0, 1.0));
  resend->add_flag("--skip-consumed", options->skip_consumed,
                   "Leave out what the inbox, in the same database, has a mark of");
  resend->add_option("--consumer", options->consumer, "With --skip-consumed: the consumers that count (a glob)");
  add_act(failed, session, BulkAct::drop, "Mark failed messages as dropped; `restore` undoes it",
          std::make_shared<ActOptions>());
  add_act(failed, session, BulkAct::restore, "Make dropped messages failed again", std::make_shared<ActOptions>());
}

}  // namespace waybill::cli
