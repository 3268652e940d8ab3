#pragma once

#include <span>
#include <vector>

#include "broker/publisher.hpp"
#include "core/finding.hpp"

namespace waybill::broker::rabbitmq {

/// What the promises rest on at this broker, for `waybill doctor`: codes WB-D300 to WB-D329. Blocks for a few seconds
/// at most. Errors: the broker can't be reached or refuses us.
Result<std::vector<Finding>> examine(const BrokerConfig& config, std::span<const Destination> destinations);

/// The part that asks the management API; its own troubles are findings.
std::vector<Finding> examine_by_management(const BrokerConfig& config, std::span<const Destination> destinations);

}  // namespace waybill::broker::rabbitmq
