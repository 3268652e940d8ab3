#pragma once

#include <string>

#include "admin/pause.hpp"
#include "cli/session.hpp"

namespace waybill::cli {

/// Which route of which store is held back or let go. An empty store is the only one.
struct RouteOrder {
  std::string store;
  admin::RouteAct act;
};

/// Does it, says so, and gives the exit code.
int pause_route(const Session& session, const RouteOrder& order);
int resume_route(const Session& session, const RouteOrder& order);

}  // namespace waybill::cli
