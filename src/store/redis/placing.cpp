#include "store/redis/placing.hpp"

#include <atomic>
#include <chrono>
#include <utility>

#include "core/headers_json.hpp"
#include "core/validate.hpp"

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

std::string key_of(std::uint32_t lane, std::string_view name) {
  return "{waybill:" + std::to_string(lane) + "}:" + std::string{name};
}

std::string stream_of(std::uint32_t lane) { return key_of(lane, "outbox"); }

Status check(const Message& message, std::uint32_t lanes) {
  if (lanes == 0 || lanes > most_lanes) return Error{ErrorCode::invalid_argument, "lanes must be 1 to 16"};
  return validate(message);
}

std::vector<std::string> send_arguments(const Message& message, const MessageId& id) {
  std::string not_before;
  if (message.not_before) {
    const auto since_epoch = message.not_before->time_since_epoch();
    not_before = std::to_string(std::chrono::ceil<std::chrono::milliseconds>(since_epoch).count());
  }
  return {message.topic.str(),
          message.key ? message.key->str() : std::string{},
          message.payload,
          message.headers.empty() ? std::string{} : headers_to_json(message.headers),
          message.content_type,
          std::move(not_before),
          id.str()};
}

std::vector<std::string> send_command(const Message& message, const MessageId& id, std::uint32_t lane) {
  std::vector<std::string> words{"FCALL", "waybill_send", "1", stream_of(lane)};
  for (auto& argument : send_arguments(message, id)) words.push_back(std::move(argument));
  return words;
}

}  // namespace waybill::redis
