#pragma once

#include "core/config.hpp"
#include "waybill/message.h"

namespace waybill::relay {

/// The headers that Debezium's outbox event router gives an event: `id`, and `eventType`, which is the message's own
/// header of that name or else the route's `type`. Source: the Debezium documentation, "Outbox Event Router", with
/// `table.fields.additional.placement = type:header:eventType`.
Headers debezium_headers(const RouteConfig& route, const Message& message);

}  // namespace waybill::relay
