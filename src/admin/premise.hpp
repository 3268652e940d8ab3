#pragma once

#include <string>

#include "core/config.hpp"

namespace waybill::admin {

/// What promise P1 rests on for this route, in one line, as far as the configuration tells; `waybill doctor` reads the
/// settings themselves.
std::string premise_of(const Config& config, const RouteConfig& route);

}  // namespace waybill::admin
