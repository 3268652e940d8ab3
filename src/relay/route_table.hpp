#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/config.hpp"
#include "relay/event.hpp"

namespace waybill::relay {

using RouteIndex = std::size_t;

/// The routes of a configuration, ready for one lookup per message. Not thread-safe: lookups are remembered.
class RouteTable {
 public:
  explicit RouteTable(const Config& config);

  std::size_t size() const { return routes_.size(); }
  const std::vector<RouteConfig>& routes() const { return routes_; }
  const RouteConfig& route(RouteIndex index) const { return routes_[index]; }
  BrokerIndex broker_of(RouteIndex index) const { return brokers_[index]; }
  std::size_t broker_count() const { return broker_count_; }

  /// The exchange depends on the message, so a missing one is the message's fault and not the route's.
  bool exchange_is_templated(RouteIndex index) const;

  /// The first route whose glob matches the topic.
  std::optional<RouteIndex> find(const std::string& topic);

 private:
  std::vector<RouteConfig> routes_;
  std::vector<BrokerIndex> brokers_;
  std::size_t broker_count_;
  std::unordered_map<std::string, std::optional<RouteIndex>> remembered_;
};

}  // namespace waybill::relay
