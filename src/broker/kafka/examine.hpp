#pragma once

#include <span>
#include <vector>

#include "broker/publisher.hpp"

namespace waybill::broker::kafka {

/// What the promises rest on in this cluster, for the topics of these destinations: whether they exist, their replicas,
/// `min.insync.replicas`, unclean elections, flushing, compaction. Blocks for a connection, at most 15 s.
Result<std::vector<Finding>> examine(const BrokerConfig& config, std::span<const Destination> destinations);

}  // namespace waybill::broker::kafka
