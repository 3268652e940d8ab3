#pragma once

#include <functional>
#include <string>

#include "cli/session.hpp"
#include "core/config.hpp"
#include "core/time.hpp"

namespace waybill::cli {

/// What `waybill status --watch` shows, how often, and of which store.
struct StatusWatch {
  std::string store;
  Duration interval{};
  std::function<std::string()> text;
};

/// Shows it again and again, until it is stopped. On a terminal a person can act meanwhile: hold a route back, let it
/// go, look through failed messages and operations; then it ends at `q` or at the end of the input.
int watch_status(const Session& session, const Config& config, const StatusWatch& watch);

}  // namespace waybill::cli
