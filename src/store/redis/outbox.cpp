#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <vector>

#include "core/uuid.hpp"
#include "store/redis/placing.hpp"
#include "store/redis/redis_error.hpp"
#include "waybill/outbox_redis.h"

namespace waybill::redis {
namespace {

constexpr std::string_view doing = "can't add to the Redis outbox";

struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

Status check(const redisContext* connection) {
  if (connection == nullptr) return Error{ErrorCode::invalid_argument, "the connection is null"};
  if (connection->err == 0) return {};
  return Error{ErrorCode::unreachable, std::string{doing} + ": the connection is broken: " + connection->errstr};
}

}  // namespace

Result<MessageId> send(redisContext* connection, const Message& message, std::uint32_t lanes) {
  if (auto valid = check(message, lanes); !valid) return std::move(valid).error();
  if (auto usable = check(connection); !usable) return std::move(usable).error();
  const MessageId id = message.id.empty() ? MessageId{make_uuid7()} : message.id;
  const auto words = send_command(message, id, lane_for(message, lanes));
  std::vector<const char*> starts;
  std::vector<std::size_t> lengths;
  for (const auto& word : words) {
    starts.push_back(word.data());
    lengths.push_back(word.size());
  }
  const std::unique_ptr<void, FreeReply> answer{
      redisCommandArgv(connection, static_cast<int>(words.size()), starts.data(), lengths.data())};
  if (!answer) return Error{ErrorCode::in_doubt, std::string{doing} + ": " + connection->errstr};
  const auto* reply = static_cast<const redisReply*>(answer.get());
  if (reply->type == REDIS_REPLY_ERROR) return error_of({reply->str, reply->len}, doing);
  return id;
}

}  // namespace waybill::redis
