#include "relay/paused_routes.hpp"

#include <algorithm>

namespace waybill::relay {

PausedRoutes not_known_yet(const std::vector<RouteConfig>& routes) {
  return PausedRoutes(routes.size(), "the store has not said yet which routes are paused");
}

PausedRoutes paused_routes(const std::vector<RouteConfig>& routes, const std::vector<store::Pause>& pauses) {
  PausedRoutes paused(routes.size());
  for (std::size_t route = 0; route < paused.size(); ++route) {
    const auto found = std::ranges::find(pauses, routes[route].topic, &store::Pause::route);
    if (found != pauses.end()) paused[route] = found->in_words();
  }
  return paused;
}

}  // namespace waybill::relay
