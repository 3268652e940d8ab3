#pragma once

/// \file
/// What a relay's process is doing, for those who watch it.

#include <cstdint>
#include <string>
#include <vector>

#include "relay/route_state.hpp"
#include "relay/sample.hpp"

namespace waybill::relay {

/// One broker, as one lane's connection to it fares.
struct BrokerState {
  bool up = false;
  bool blocked = false;
  std::string endpoint, detail;
};

/// One store, over all lanes that this process works on.
struct SiteFigures {
  struct Lane {
    std::uint32_t number = 0;
    bool held = false;
    bool held_elsewhere = false;  ///< as far as is known
    std::vector<Sample> samples;  ///< of its last answers, oldest first
  };
  std::string store;
  std::vector<Lane> lanes;
  std::uint64_t unsettled = 0;
  std::vector<RouteFigures> routes;  ///< in the configuration's order; totals include lanes given to other relays
  std::vector<BrokerState> brokers;  ///< in the configuration's order: the worst of the lanes that are held
  bool is_worked_on() const;         ///< some relay holds a lane of it
};

/// `confirmed`, `rejected`, `unroutable`, `in_doubt`.
std::string_view outcome_of(const Sample& sample) noexcept;

/// Adds what another lane says of a route: totals and in flight are summed, the worse state wins.
void add(const RouteFigures& lane, RouteFigures& sum);

}  // namespace waybill::relay
