#include "cli/failed_acts.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <memory>

#include "admin/consumed.hpp"
#include "admin/failed.hpp"
#include "cli/following.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"

namespace waybill::cli {
namespace {

using admin::BulkAct;
using admin::BulkPlan;

/// What is asked for, and what it would do.
struct Asked {
  Opened opened;
  admin::OperationOrder order;
  BulkPlan plan;
};

Result<Asked> ask(const Session& session, const ActOptions& options) {
  Asked asked;
  asked.order = options.order;
  auto filters = filters_of(*options.filter);
  if (!filters) return filters.error();
  asked.order.filters = std::move(*filters);
  if (auto fine = admin::check_order(asked.order, options.all); !fine) {
    return Error(ErrorCode::invalid_argument, fine.error().message() + ": --id, --topic ..., or --all");
  }
  auto opened = open_for_command(session, options.filter->store);
  if (!opened) return opened.error();
  asked.opened = std::move(*opened);
  auto& store = *asked.opened.store;
  const auto is_consumed = admin::consumed_of(store, asked.order);
  if (!is_consumed) return is_consumed.error();
  ProgressBar bar(session.terminal, "looking", 0);
  auto plan = admin::plan_bulk(store, *asked.opened.config, asked.order.filters, asked.order.act, *is_consumed,
                               [&bar](auto n) { bar.update(n); });
  if (!plan) return plan.error();
  asked.plan = std::move(*plan);
  asked.order.through = asked.plan.last;
  asked.order.who = operator_name();
  asked.order.from = "command line";
  return asked;
}

std::string plan_text(const Asked& asked) {
  const auto& [opened, order, plan] = asked;
  std::string text = fmt::format("{} {} messages\n", admin::to_string(order.act), plan.count);
  for (const auto& [where, count] : plan.destinations) text += fmt::format("  {} to {}\n", count, printable(where));
  for (const auto& [why, count] : plan.hopeless) text += fmt::format("  {} can't go: {}\n", count, printable(why));
  if (order.skip_consumed) text += fmt::format("  {} are left out: consumers have done them\n", plan.consumed);
  if (order.rate > 0) {
    text += fmt::format("  takes about {} at {:.0f} a second\n", age(static_cast<double>(plan.count) / order.rate),
                        order.rate);
  }
  return text;
}

int show_plan(const Session& session, const Asked& asked) {
  session.json ? session.print(admin::plan_json(asked.plan, asked.order)) : session.print(plan_text(asked));
  return asked.plan.count + asked.plan.consumed + asked.plan.hopeless.size() == 0 ? nothing_matched : done;
}

int nothing_to_do(const Session& session, const Asked& asked) {
  if (session.json) session.print(admin::plan_json(asked.plan, asked.order));
  if (asked.plan.consumed > 0) {
    complain("consumers have done all that matched");
    return nothing_matched;
  }
  const auto why = admin::why_nothing_matched(*asked.opened.store, *asked.opened.config, asked.order);
  if (!why) return fail(why.error());
  complain(printable(*why));
  return nothing_matched;
}

}  // namespace

int act_on_failed(const Session& session, const ActOptions& options) {
  auto asked = ask(session, options);
  if (!asked) return fail(asked.error());
  if (options.dry_run) return show_plan(session, *asked);
  const auto& [opened, order, plan] = *asked;
  for (const auto& [why, count] : plan.hopeless)
    complain(fmt::format("{} messages stay failed: {}", count, printable(why)));
  if (plan.count == 0) return nothing_to_do(session, *asked);
  const auto question = fmt::format("{} {} messages of store '{}'?", admin::to_string(order.act), plan.count,
                                    opened.store->config().name);
  if (!confirmed_by_person(session, options.yes, question)) return wrong_usage;
  auto operation = admin::add_operation(*opened.store, order, plan.count);
  if (!operation) return fail(operation.error());
  if (options.detach) {
    session.json ? session.print(admin::operation_json(*operation)) : session.print(operation->id + "\n");
    return done;
  }
  auto ended = follow(session, opened, operation->id);
  return ended ? report_end(session, *ended) : fail(ended.error());
}

namespace {

CLI::App* add_act(CLI::App& parent, Session& session, BulkAct act, const std::string& text,
                  const std::shared_ptr<ActOptions>& options) {
  options->order.act = act;
  auto* command = parent.add_subcommand(std::string(admin::to_string(act)), text);
  options->filter = add_filter(*command);
  command->add_flag("--all", options->all, "All of them, without any filter");
  command->add_flag("--dry-run", options->dry_run,
                    "Say how many, where to, how long, and what can't go; change nothing");
  command->add_flag("--yes", options->yes, "Do not ask");
  command->add_option("--why", options->order.why, "The reason, kept in the history");
  command->add_flag("--detach", options->detach, "Leave it to a relay, and print the operation's id");
  command->callback(
      [&session, options] { session.action = [&session, options] { return act_on_failed(session, *options); }; });
  return command;
}

}  // namespace

void add_failed_acts(CLI::App& failed, Session& session) {
  auto options = std::make_shared<ActOptions>();
  options->order.rate = admin::gentle_rate;
  auto* resend =
      add_act(failed, session, BulkAct::resend, "Send failed messages again, with their tries reset", options);
  resend
      ->add_option("--rate", options->order.rate,
                   "At most so many a second (default 500); 0: as fast as the store takes them")
      ->check(CLI::NonNegativeNumber);
  resend
      ->add_option("--steps", options->order.steps, "Send so many first, wait for their answers, then go on: 1,10,100")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  resend
      ->add_option("--stop-at", options->order.stop_at,
                   "With --steps: stop when this share of a step failed (default 0.1)")
      ->check(CLI::Range(0.0, 1.0));
  resend->add_flag("--skip-consumed", options->order.skip_consumed,
                   "Leave out what the inbox, in the same database, has a mark of");
  resend->add_option("--consumer", options->order.consumer, "With --skip-consumed: the consumers that count (a glob)");
  add_act(failed, session, BulkAct::drop, "Mark failed messages as dropped; `restore` undoes it",
          std::make_shared<ActOptions>());
  add_act(failed, session, BulkAct::restore, "Make dropped messages failed again", std::make_shared<ActOptions>());
}

}  // namespace waybill::cli
