#include <hiredis/hiredis.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "core/headers_json.hpp"
#include "core/uuid.hpp"
#include "core/validate.hpp"
#include "store/redis/placing.hpp"
#include "store/redis/redis_error.hpp"
#include "waybill/outbox_redis.h"

namespace waybill::redis {
namespace {

constexpr std::string_view doing = "can't add to the Redis outbox";
constexpr std::uint32_t most_lanes = 16;

struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

std::string not_before_ms(const Message& message) {
  if (!message.not_before) return {};
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(message.not_before->time_since_epoch()).count());
}

Status check(const redisContext* connection, std::uint32_t lanes) {
  if (connection == nullptr) return Error{ErrorCode::invalid_argument, "the connection is null"};
  if (lanes == 0 || lanes > most_lanes) return Error{ErrorCode::invalid_argument, "lanes must be 1 to 16"};
  if (connection->err == 0) return {};
  return Error{ErrorCode::unreachable, std::string{doing} + ": the connection is broken: " + connection->errstr};
}

}  // namespace

Result<MessageId> send(redisContext* connection, const Message& message, std::uint32_t lanes) {
  if (auto valid = validate(message); !valid) return std::move(valid).error();
  if (auto usable = check(connection, lanes); !usable) return std::move(usable).error();
  const MessageId id = message.id.empty() ? MessageId{make_uuid7()} : message.id;
  const std::array<std::string, 11> words{"FCALL",
                                          "waybill_send",
                                          "1",
                                          stream_of(lane_for(message, lanes)),
                                          message.topic.str(),
                                          message.key ? message.key->str() : std::string{},
                                          message.payload,
                                          message.headers.empty() ? std::string{} : headers_to_json(message.headers),
                                          message.content_type,
                                          not_before_ms(message),
                                          id.str()};
  std::array<const char*, words.size()> starts{};
  std::array<std::size_t, words.size()> lengths{};
  for (std::size_t at = 0; at < words.size(); ++at) {
    starts[at] = words[at].data();
    lengths[at] = words[at].size();
  }
  const std::unique_ptr<void, FreeReply> answer{
      redisCommandArgv(connection, static_cast<int>(words.size()), starts.data(), lengths.data())};
  if (!answer) return Error{ErrorCode::in_doubt, std::string{doing} + ": " + connection->errstr};
  const auto* reply = static_cast<const redisReply*>(answer.get());
  if (reply->type == REDIS_REPLY_ERROR) return error_of({reply->str, reply->len}, doing);
  return id;
}

}  // namespace waybill::redis
