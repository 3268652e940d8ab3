#include "relay/figures.hpp"

#include <algorithm>

namespace waybill::relay {
namespace {

/// What needs a person's eye wins over what is fine.
int severity(RouteFigures::State state) {
  switch (state) {
    case RouteFigures::State::idle:
      return 0;
    case RouteFigures::State::flowing:
      return 1;
    case RouteFigures::State::paused:
      return 2;
    case RouteFigures::State::stalled:
      return 3;
    case RouteFigures::State::down:
      return 4;
  }
  return 0;
}

}  // namespace

void add(const RouteFigures& lane, RouteFigures& sum) {
  sum.totals += lane.totals;
  sum.in_flight += lane.in_flight;
  if (severity(lane.state) <= severity(sum.state)) return;
  sum.state = lane.state;
  sum.detail = lane.detail;
}

bool SiteFigures::is_worked_on() const {
  return std::any_of(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.held || lane.held_elsewhere; });
}

}  // namespace waybill::relay
