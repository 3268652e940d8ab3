#pragma once

#include <string>
#include <vector>

#include "relay/lane_loop.hpp"

namespace waybill::relay {

/// One lane's figures as JSON, as `waybill status` reads them back (src/admin/relay_figures).
/// `rates`: confirms a second per route.
std::string report_json(const Config& config, const std::string& relay, const std::string& store, std::uint32_t lane,
                        const LaneFigures& figures, const std::vector<double>& rates);

std::string_view to_string(RouteFigures::State state) noexcept;

}  // namespace waybill::relay
