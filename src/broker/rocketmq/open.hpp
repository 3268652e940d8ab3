#pragma once

/// \file
/// The doors to RocketMQ. A build without it (-DWAYBILL_ROCKETMQ=OFF) has the same, and each then says so.

#include <memory>
#include <span>
#include <vector>

#include "broker/publisher.hpp"
#include "core/config.hpp"
#include "core/finding.hpp"
#include "waybill/consumer.h"
#include "waybill/result.h"

namespace waybill::broker::rocketmq {

/// Errors: a malformed URL. Opens no connection.
Result<std::unique_ptr<Publisher>> open_publisher(const BrokerConfig& config);
/// Errors: a malformed URL; a group that is missing, or whose name RocketMQ forbids; a PEM file that can't be read.
/// Opens no connection.
Result<std::unique_ptr<Consumer>> open_consumer(const BrokerConfig& config, const ConsumerOptions& options);
/// Blocks for a connection.
Result<std::vector<Finding>> examine(const BrokerConfig& config, std::span<const Destination> destinations);

}  // namespace waybill::broker::rocketmq
