#pragma once

#include "core/config.hpp"
#include "waybill/message.h"

namespace waybill::relay {

/// The CloudEvents 1.0 attributes of a message in binary mode, named for AMQP (`cloudEvents_` before each). Source: the
/// CloudEvents AMQP protocol binding, section 3.1.3.1.
Headers cloudevents_headers(const RouteConfig& route, const Message& message);

}  // namespace waybill::relay
