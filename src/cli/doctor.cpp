#include "admin/doctor.hpp"

#include <CLI/App.hpp>
#include <memory>

#include "admin/stores.hpp"
#include "cli/session.hpp"

namespace waybill::cli {
namespace {

Tone tone_of(Finding::Severity severity) {
  switch (severity) {
    case Finding::Severity::critical:
      return Tone::bad;
    case Finding::Severity::warning:
      return Tone::warning;
    case Finding::Severity::ok:
      return Tone::good;
    case Finding::Severity::info:
      break;
  }
  return Tone::plain;
}

void print_finding(const Session& session, const Finding& finding) {
  std::string word(admin::to_string(finding.severity));
  word.resize(8, ' ');
  std::string text = paint(session.terminal, tone_of(finding.severity), word) + " " + finding.code + "  " +
                     printable(finding.subject) + ": " + printable(finding.text) + "\n";
  const bool needs_act =
      finding.severity == Finding::Severity::critical || finding.severity == Finding::Severity::warning;
  if (needs_act && !finding.remedy.empty()) text += "                  -> " + printable(finding.remedy) + "\n";
  session.print(text);
}

int run(const Session& session, const std::string& store_name) {
  auto config = session.load();
  if (!config) return fail(config.error());
  auto stores = admin::open_stores(*config, store_name);
  if (!stores) return fail(stores.error());
  const auto diagnosis = admin::diagnose(*config, *stores);
  if (session.json) {
    session.print(admin::diagnosis_json(diagnosis));
  } else {
    for (const auto& finding : diagnosis.findings) print_finding(session, finding);
  }
  if (diagnosis.unreachable) return fail(*diagnosis.unreachable);
  return diagnosis.has_critical() ? failed : done;
}

}  // namespace

void add_doctor(CLI::App& app, Session& session) {
  auto* command =
      app.add_subcommand("doctor", "Check what the promises rest on: durability, queues, clocks, permissions");
  auto store = std::make_shared<std::string>();
  command->add_option("--store", *store, "Only this store");
  command->callback([&session, store] { session.action = [&session, store] { return run(session, *store); }; });
}

}  // namespace waybill::cli
