#pragma once

#include <string>
#include <vector>

#include "core/config.hpp"
#include "store/store.hpp"

namespace waybill::relay {

/// Why each route is held back, in the configuration's order; empty: it flows.
using PausedRoutes = std::vector<std::string>;

/// Before the store was asked: what starts while it is away must not send of a paused route.
PausedRoutes not_known_yet(const std::vector<RouteConfig>& routes);

PausedRoutes paused_routes(const std::vector<RouteConfig>& routes, const std::vector<store::Pause>& pauses);

}  // namespace waybill::relay
