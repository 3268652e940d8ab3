#include "relay/route_table.hpp"

#include "core/glob.hpp"
#include "core/text.hpp"

namespace waybill::relay {
namespace {

// Topics may hold ids by mistake; the memory of lookups must stay bounded all the same.
constexpr std::size_t max_remembered_topics = 10'000;

BrokerIndex index_of(const Config& config, const std::string& name) {
  for (std::size_t i = 0; i < config.brokers.size(); ++i) {
    if (config.brokers[i].name == name) return BrokerIndex{i};
  }
  return BrokerIndex{0};  // a checked configuration names only brokers that exist
}

}  // namespace

RouteTable::RouteTable(const Config& config) : routes_(config.routes), broker_count_(config.brokers.size()) {
  for (const auto& route : routes_) brokers_.push_back(index_of(config, route.broker));
}

bool RouteTable::exchange_is_templated(RouteIndex index) const { return is_template(routes_[index].exchange); }

std::optional<RouteIndex> RouteTable::find(const std::string& topic) {
  if (const auto known = remembered_.find(topic); known != remembered_.end()) return known->second;
  std::optional<RouteIndex> found;
  for (RouteIndex i = 0; i < routes_.size() && !found; ++i) {
    if (glob_matches(routes_[i].topic, topic)) found = i;
  }
  if (remembered_.size() >= max_remembered_topics) remembered_.clear();
  remembered_.emplace(topic, found);
  return found;
}

}  // namespace waybill::relay
