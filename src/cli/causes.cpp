#include "cli/causes.hpp"

#include <memory>
#include <set>

#include "admin/causes.hpp"
#include "admin/errors.hpp"
#include "cli/language.hpp"

namespace waybill::cli {
namespace {

struct Options {
  admin::CauseOrder order;
  std::string store;
};

int say(const Session& session, Options& options) {
  auto& order = options.order;
  order.who = operator_name();
  order.from = "command line";
  auto opened = open_for_command(session, options.store);
  if (!opened) return fail(opened.error());
  if (auto said = admin::say_of_cause(*opened->store, order); !said) return fail(said.error());
  const std::string act(to_string(order.act));
  if (session.json) {
    session.print(admin::Json{{"store", opened->store->config().name}, {"id", order.id}, {"act", act}});
  } else {
    session.print(std::string("kept: `waybill failed groups` shows it to everybody\n"));
  }
  return done;
}

void add(CLI::App& failed, Session& session, admin::CauseAct act, const char* about) {
  auto* command = failed.add_subcommand(std::string(to_string(act)), about);
  auto options = std::make_shared<Options>();
  options->order.act = act;
  command->add_option("id", options->order.id, "A message that failed of the cause")->required();
  command->add_option("--store", options->store, "The store, when several are configured");
  auto* why = command->add_option("--why", options->order.why, "The reason, shown to others and kept");
  if (act == admin::CauseAct::resolve) why->required();
  command->callback([&session, options] { session.action = [&session, options] { return say(session, *options); }; });
}

}  // namespace

std::string remedies(const std::vector<store::FailedGroup>& groups) {
  const auto language = language_of({});
  std::string text;
  std::set<std::string> told;
  for (const auto& group : groups) {
    const auto* known = admin::known_reason(group.reason);
    if (known == nullptr || !told.insert(group.reason).second) continue;
    const auto& words = known->in(language);
    text += "\n" + group.reason + " (" + known->code + "): " + words.cause + "\n  → " + words.remedy + "\n";
  }
  return text;
}

void add_cause_acts(CLI::App& failed, Session& session) {
  add(failed, session, admin::CauseAct::take, "Tell the others that you are on the cause of a message");
  add(failed, session, admin::CauseAct::resolve,
      "Tell the others that the cause is gone; failures after that say 'returned'");
  add(failed, session, admin::CauseAct::reopen, "Take back what was said of a cause");
}

}  // namespace waybill::cli
