#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "admin/condition.hpp"
#include "admin/stores.hpp"
#include "cli/session.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

// What ends a night's sleep, and what can wait for the morning.
constexpr const char* default_critical[] = {"down>0", "unheld>0", "oldest>10m"};
constexpr const char* default_warn[] = {"failed>0", "stalled>0", "oldest>1m"};

enum class Level { fine, warning, critical, unknown };  // in the order of a monitor's exit codes

struct Options {
  std::string store, format = "text";
  std::vector<std::string> warn{std::begin(default_warn), std::end(default_warn)};
  std::vector<std::string> critical{std::begin(default_critical), std::end(default_critical)};
};

struct Health {
  Level level = Level::fine;
  std::vector<std::string> reasons;
  std::vector<admin::Figure> figures;
  std::optional<Error> error;
};

const char* name_of(Level level) {
  constexpr const char* names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  return names[static_cast<std::size_t>(level)];
}

/// Adds the conditions that hold.
void look_for(std::span<const admin::Condition> conditions, Level level, Health& health) {
  for (const auto& condition : conditions) {
    if (!condition.holds(health.figures)) continue;
    health.level = std::max(health.level, level);
    health.reasons.push_back(condition.in_words(health.figures));
  }
}

std::string in_words(const admin::StoreStatus& store) {
  const auto& message = store.error->message();
  return message.starts_with("store ") ? message : "store '" + store.name + "': " + message;
}

Health unknown(const Error& error) { return {Level::unknown, {error.message()}, {}, error}; }

Health examine(const Session& session, const Options& options) {
  const auto warn = admin::parse_conditions("--warn", options.warn);
  if (!warn) return unknown(warn.error());
  const auto critical = admin::parse_conditions("--critical", options.critical);
  if (!critical) return unknown(critical.error());
  const auto config = session.load();
  if (!config) return unknown(config.error());
  const auto stores = admin::open_stores(*config, options.store);
  if (!stores) return unknown(stores.error());
  const auto report = admin::read_status(*config, *stores);
  Health health;
  health.figures = admin::figures_of(report);
  health.error = report.first_error();
  for (const auto& store : report.stores) {
    if (!store.error) continue;
    health.level = Level::critical;
    health.reasons.push_back(in_words(store));
  }
  look_for(*critical, Level::critical, health);
  look_for(*warn, Level::warning, health);
  if (health.error) health.figures.clear();  // sums that lack a store are no figures to draw
  return health;
}

std::string joined(const std::vector<std::string>& reasons) {
  std::string text;
  for (const auto& reason : reasons) text += (text.empty() ? "" : "; ") + reason;
  return text;
}

std::string values_of(const Health& health) {
  std::string text;
  for (const auto& figure : health.figures) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", figure.name, admin::value_text(figure));
  }
  return text;
}

/// One line: the level, why, and after a bar the figures, which monitors draw. A bar in the reasons would end them.
std::string monitor_line(const Health& health) {
  std::string why = printable(health.reasons.empty() ? "all is well" : joined(health.reasons));
  std::replace_if(why.begin(), why.end(), [](char c) { return c == '|' || c == '\n'; }, ' ');
  const auto values = values_of(health);
  return fmt::format("WAYBILL {} - {}{}{}\n", name_of(health.level), why, values.empty() ? "" : " | ", values);
}

/// The verdict and the figures as Prometheus's exposition format 0.0.4, for the node exporter's folder of texts.
std::string exposition(const Health& health) {
  std::string text =
      "# HELP waybill_health_level The verdict: 0 fine, 1 warning, 2 critical, 3 nothing can be said.\n"
      "# TYPE waybill_health_level gauge\n" +
      fmt::format("waybill_health_level {}\n", static_cast<int>(health.level));
  for (const auto& figure : health.figures) {
    const auto name = fmt::format("waybill_health_{}{}", figure.name, figure.is_time ? "_seconds" : "");
    text += fmt::format("# HELP {} The figure `{}` over all stores and routes.\n", name, figure.name) +
            fmt::format("# TYPE {} gauge\n{} {:.{}f}\n", name, name, figure.value, figure.is_time ? 3 : 0);
  }
  return text;
}

std::string page(const Health& health) {
  std::string text = std::string(name_of(health.level)) + "\n";
  for (const auto& reason : health.reasons) text += "  " + printable(reason) + "\n";
  return health.figures.empty() ? text : text + values_of(health) + "\n";
}

admin::Json document(const Health& health) {
  admin::Json json{{"level", lower_ascii(name_of(health.level))}, {"reasons", health.reasons}};
  json["figures"] = admin::Json::object();
  for (const auto& figure : health.figures) json["figures"][std::string(figure.name)] = figure.value;
  return json;
}

int run(const Session& session, const Options& options) {
  const auto health = examine(session, options);
  if (options.format == "nagios") {
    session.print(monitor_line(health));
    return static_cast<int>(health.level);
  }
  if (options.format == "prometheus") session.print(exposition(health));
  if (health.level == Level::unknown) return fail(*health.error);
  if (options.format == "text") session.json ? session.print(document(health)) : session.print(page(health));
  if (health.error) return fail(*health.error);
  return health.level == Level::fine ? done : failed;
}

}  // namespace

void add_health(CLI::App& check, Session& session) {
  auto* command = check.add_subcommand("health", "One verdict for a monitor: fine, warning or critical, and why");
  auto o = std::make_shared<Options>();
  command->add_option("--store", o->store, "Only this store");
  command
      ->add_option("--format", o->format,
                   "text; nagios: one line, exit codes 0 to 3 of a monitor's plugin; prometheus: gauges")
      ->check(CLI::IsMember({"text", "nagios", "prometheus"}));
  command->add_option("--warn", o->warn, "A condition to warn of; may be repeated, and replaces the usual ones")
      ->allow_extra_args(false);
  command->add_option("--critical", o->critical, "A condition that is critical; in the same way")
      ->allow_extra_args(false);
  command->callback([&session, o] { session.action = [&session, o] { return run(session, *o); }; });
}

}  // namespace waybill::cli
