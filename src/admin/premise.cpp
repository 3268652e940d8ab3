#include "admin/premise.hpp"

#include "core/url.hpp"

namespace waybill::admin {
namespace {

std::string scheme_of(const Secret& url) {
  const auto parsed = parse_url(url.reveal());
  return parsed ? parsed->scheme : std::string{};
}

std::string store_premise(const Config& config) {
  std::string text;
  const auto add = [&text](std::string_view part) {
    if (text.find(part) == std::string::npos) text.append(text.empty() ? "" : "; ").append(part);
  };
  for (const auto& store : config.stores) {
    const auto scheme = scheme_of(store.url);
    if (scheme == "sqlite") add("SQLite synchronous=FULL");
    if (scheme == "postgresql" || scheme == "postgres") add("PostgreSQL fsync=on");
    if (scheme == "memory") add("memory store: nothing survives the process");
  }
  return text;
}

}  // namespace

std::string premise_of(const Config& config, const RouteConfig& route) {
  const auto* broker = config.broker(route.broker);
  const auto scheme = broker == nullptr ? std::string{} : scheme_of(broker->url);
  std::string text = scheme == "memory" ? "memory broker: nothing survives the process"
                                        : "quorum queues survive a power cut, classic queues need not";
  const auto stores = store_premise(config);
  return stores.empty() ? text : text + "; " + stores;
}

}  // namespace waybill::admin
