#pragma once

#include <optional>
#include <string>

#include "admin/json.hpp"
#include "core/config.hpp"

namespace waybill::admin {

/// Which route a topic takes, where it leads for this key, which others match and lose, and what P1 rests on there:
/// `topic`, `route`, `broker`, `exchange`, `routing_key`, `also_match`, `premise`. Nothing when no route matches.
std::optional<Json> routing_json(const Config& config, const std::string& topic, const std::string& key);

/// `not_found`, with the nearest one, when no route of the configuration has exactly this topic.
Status require_route(const Config& config, const std::string& route);

}  // namespace waybill::admin
