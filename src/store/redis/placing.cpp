#include "store/redis/placing.hpp"

#include <atomic>

namespace waybill::redis {

std::uint32_t lane_for(const Message& message, std::uint32_t lanes) {
  if (lanes <= 1) return 0;
  static std::atomic<std::uint32_t> turn{0};
  if (!message.key) return turn++ % lanes;
  // FNV-1a: the same on every machine and in every language.
  std::uint64_t hash = 14695981039346656037U;
  for (const char byte : message.key->str()) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
  return static_cast<std::uint32_t>(hash % lanes);
}

std::string stream_of(std::uint32_t lane) { return "{waybill:" + std::to_string(lane) + "}:outbox"; }

}  // namespace waybill::redis
