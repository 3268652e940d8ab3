#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace waybill::broker::rocketmq {

/// The largest body that is unpacked: four times what a proxy takes by default.
inline constexpr std::size_t largest_inflated = 16u << 20;

/// The bytes that were packed by gzip or zlib, as some clients of RocketMQ do with large bodies. Nothing for bytes that
/// were not, that are cut off, or that would be larger than `largest_inflated`.
std::optional<std::string> inflate(const std::string& packed);

}  // namespace waybill::broker::rocketmq
