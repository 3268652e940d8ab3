#pragma once

#include <string>
#include <vector>

#include "admin/language.hpp"
#include "core/config.hpp"

namespace waybill::admin {

/// What promise P1 rests on for this route, as far as the configuration tells; `waybill doctor` reads the settings
/// themselves.
std::vector<std::string> premises_of(const Config& config, const RouteConfig& route);

std::string in_one_line(const std::vector<std::string>& premises, Language language = Language::english);

}  // namespace waybill::admin
