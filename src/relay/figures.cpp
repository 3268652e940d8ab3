#include "relay/figures.hpp"

#include <algorithm>

namespace waybill::relay {

std::string_view outcome_of(const Sample& sample) noexcept { return broker::to_string(sample.outcome); }

void add(const RouteFigures& lane, RouteFigures& sum) {
  sum.totals += lane.totals;
  sum.in_flight += lane.in_flight;
  if (lane.state <= sum.state) return;
  sum.state = lane.state;
  sum.detail = lane.detail;
}

bool SiteFigures::is_worked_on() const {
  return std::any_of(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.held || lane.held_elsewhere; });
}

}  // namespace waybill::relay
