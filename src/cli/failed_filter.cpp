#include "cli/failed_filter.hpp"

#include <CLI/App.hpp>

#include "admin/search.hpp"

namespace waybill::cli {

bool FilterOptions::narrows() const {
  return !topic.empty() || key || !reason.empty() || !cause.empty() || !since.empty() || !until.empty() ||
         !ids.empty() || !search.empty();
}

std::shared_ptr<FilterOptions> add_filter(CLI::App& command) {
  auto o = std::make_shared<FilterOptions>();
  command.add_option("--store", o->store, "The store, when several are configured");
  command.add_option("--topic", o->topic, "A glob, for example orders.*");
  command.add_option("--key", o->key, "Exactly this key");
  command.add_option("--reason", o->reason, "rejected, unroutable, no_route, malformed, too_large, poison ...");
  command.add_option("--cause", o->cause, "Part of the broker's answer");
  command.add_option("--since", o->since, "Failed since: 2h (ago), 2026-11-24, 2026-11-24T18:30:00Z");
  command.add_option("--until", o->until, "Failed until");
  command.add_option("--id", o->ids, "Exactly this message; may be repeated")->allow_extra_args(false);
  command.add_option("search", o->search, "A search line: topic:orders.* reason:unroutable since:2h key:17");
  return o;
}

Result<std::vector<store::FailedFilter>> filters_of(const FilterOptions& options) {
  store::FailedFilter filter;
  const auto now = admin::wall_clock_ms();
  const std::vector<std::pair<std::string_view, const std::string*>> given{
      {"topic", &options.topic}, {"reason", &options.reason}, {"cause", &options.cause},
      {"since", &options.since}, {"until", &options.until},   {"state", &options.state}};
  for (const auto& [name, value] : given) {
    if (value->empty()) continue;
    if (auto added = admin::add_condition(name, *value, now, filter); !added) return added.error();
  }
  if (options.key) filter.key = options.key;
  for (const auto& line : options.search) {
    if (auto parsed = admin::parse_search(line, now, filter); !parsed) return parsed.error();
  }
  if (options.ids.empty()) return std::vector{filter};
  std::vector<store::FailedFilter> filters;
  for (const auto& id : options.ids) {
    filters.push_back(filter);
    filters.back().id = id;
  }
  return filters;
}

}  // namespace waybill::cli
