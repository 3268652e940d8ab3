#pragma once

#include <cstdint>

namespace waybill::broker::rabbitmq {

inline constexpr std::uint16_t publish_channel = 1;  ///< messages out, confirms in
inline constexpr std::uint16_t control_channel = 2;  ///< questions that may close a channel

}  // namespace waybill::broker::rabbitmq
