#pragma once

/// \file
/// Which stream a message goes to: services and the store must agree on it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "waybill/message.h"
#include "waybill/result.h"

namespace waybill::redis {

/// The lane of a message: by its key, so that what has one key stays in one stream; without one, in turn.
std::uint32_t lane_for(const Message& message, std::uint32_t lanes);

/// A key of a lane, for example `{waybill:0}:owner`; the hash tag puts all of them on one node of a cluster.
std::string key_of(std::uint32_t lane, std::string_view name);
/// The stream of a lane.
std::string stream_of(std::uint32_t lane);

constexpr std::uint32_t most_lanes = 16;

/// `invalid_argument` for a message that the outbox does not take, or a number of lanes that there can't be.
Status check(const Message& message, std::uint32_t lanes);

/// What waybill_send takes behind its key.
std::vector<std::string> send_arguments(const Message& message, const MessageId& id);

/// The words of the `FCALL waybill_send` that persists the message. An empty id: the library makes one.
std::vector<std::string> send_command(const Message& message, const MessageId& id, std::uint32_t lane);

}  // namespace waybill::redis
