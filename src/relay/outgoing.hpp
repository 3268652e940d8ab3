#pragma once

#include <memory>

#include "broker/publisher.hpp"
#include "core/config.hpp"

namespace waybill::relay {

/// A message as its route sends it: exchange and routing key filled in, attributes added. Tag, attempt and the time
/// when it was persisted are the caller's.
broker::Outgoing outgoing_of(const RouteConfig& route, std::shared_ptr<const Message> message);

}  // namespace waybill::relay
