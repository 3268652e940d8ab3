#pragma once

/// \file
/// Routes that people hold back: nothing of them is sent, nothing is counted against their messages, which wait. The
/// store remembers it, so it holds for every relay of that store, also after a restart.

#include <string>
#include <vector>

#include "admin/json.hpp"
#include "core/config.hpp"
#include "store/store.hpp"

namespace waybill::admin {

struct RouteAct {
  std::string route;  ///< its topic, as the configuration writes it
  std::string who, why, from;
};

/// Relays of the store take it in within two seconds; what is on its way to the broker still gets its answer. Errors:
/// `invalid_argument` without a reason, `not_found` for a route that the configuration does not have, `refused` when it
/// is paused already, and the store's.
Status pause_route(store::Store& store, const Config& config, const RouteAct& act);

/// Errors: `not_found` when it is not paused, and the store's. A route that the configuration no longer has can be
/// resumed too.
Status resume_route(store::Store& store, const RouteAct& act);

/// One object each: `route`, `who`, `why`, `since`.
Json pauses_json(const std::vector<store::Pause>& pauses);

}  // namespace waybill::admin
