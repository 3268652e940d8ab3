#pragma once

/// \file
/// Which stream a message goes to: services and the store must agree on it.

#include <cstdint>
#include <string>

#include "waybill/message.h"

namespace waybill::redis {

/// The lane of a message: by its key, so that what has one key stays in one stream; without one, in turn.
std::uint32_t lane_for(const Message& message, std::uint32_t lanes);

/// The stream of a lane; its hash tag puts all keys of the lane on one node of a cluster.
std::string stream_of(std::uint32_t lane);

}  // namespace waybill::redis
