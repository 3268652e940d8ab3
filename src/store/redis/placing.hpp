#pragma once

/// \file
/// Which stream a message goes to: services and the store must agree on it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "waybill/message.h"

namespace waybill::redis {

/// The lane of a message: by its key, so that what has one key stays in one stream; without one, in turn.
std::uint32_t lane_for(const Message& message, std::uint32_t lanes);

/// A key of a lane, for example `{waybill:0}:owner`; the hash tag puts all of them on one node of a cluster.
std::string key_of(std::uint32_t lane, std::string_view name);
/// The stream of a lane.
std::string stream_of(std::uint32_t lane);

/// The words of the `FCALL waybill_send` that persists the message. An empty id: the library makes one.
std::vector<std::string> send_command(const Message& message, const MessageId& id, std::uint32_t lane);

}  // namespace waybill::redis
