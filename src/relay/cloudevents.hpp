#pragma once

#include "core/config.hpp"
#include "waybill/message.h"

namespace waybill::relay {

/// The CloudEvents 1.0 attributes of a message. Source: the CloudEvents specification, section 3.1, and its
/// partitioning extension.
Headers cloudevents_attributes(const RouteConfig& route, const Message& message);

}  // namespace waybill::relay
