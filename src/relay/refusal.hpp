#pragma once

#include <cstdint>

#include "broker/publisher.hpp"
#include "core/config.hpp"

namespace waybill::relay {

/// What a route does with a message that the broker has refused.
enum class AfterRefusal { again, drop, fail };

/// `kind` is `rejected` or `unroutable`; `tries` without an ack, this one counted.
AfterRefusal after_refusal(const RouteConfig& route, broker::OutcomeKind kind, std::uint32_t tries);

}  // namespace waybill::relay
