#include "inbox/redis/call.hpp"

#include <hiredis/hiredis.h>

#include <memory>

#include "inbox/mark.hpp"
#include "store/redis/redis_error.hpp"

namespace waybill::inbox::redis {
namespace {

using waybill::redis::Effect;
constexpr std::string_view doing = "can't apply the operation";

struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

/// Each key once, in the order in which they appear.
std::vector<std::string> keys_of(const std::vector<Effect>& effects, const std::string& key) {
  std::vector<std::string> keys;
  if (!key.empty()) keys.push_back(key);
  for (const auto& effect : effects) {
    if (std::find(keys.begin(), keys.end(), effect.key) == keys.end()) keys.push_back(effect.key);
  }
  return keys;
}

void append_effects(std::vector<std::string>& words, const std::vector<Effect>& effects,
                    const std::vector<std::string>& keys) {
  for (const auto& effect : effects) {
    const auto at = std::find(keys.begin(), keys.end(), effect.key) - keys.begin();
    words.push_back(effect.name);
    words.push_back(std::to_string(at + 1));
    words.insert(words.end(), effect.words.begin(), effect.words.end());
  }
}

std::string text_of(const redisReply& reply) {
  return reply.type == REDIS_REPLY_INTEGER ? std::to_string(reply.integer) : std::string{reply.str, reply.len};
}

Result<Answer> read_answer(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ERROR) return waybill::redis::error_of({reply.str, reply.len}, doing);
  if (reply.type == REDIS_REPLY_STATUS) {
    return Error{ErrorCode::invalid_argument,
                 std::string{doing} + ": a MULTI is open, so there is no answer yet to act on"};
  }
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements == 0 || reply.element[0]->type != REDIS_REPLY_STRING) {
    return Error{ErrorCode::corrupt, std::string{doing} + ": the server's answer makes no sense"};
  }
  Answer answer{text_of(*reply.element[0]), {}};
  for (std::size_t at = 1; at < reply.elements; ++at) answer.values.push_back(text_of(*reply.element[at]));
  return answer;
}

}  // namespace

Error unknown_answer(const std::string& word) {
  return {ErrorCode::corrupt, std::string{doing} + ": unknown answer '" + word + "'"};
}

Result<Answer> call(redisContext* connection, const std::vector<std::string>& words) {
  if (connection == nullptr) return Error{ErrorCode::invalid_argument, "the connection is null"};
  std::vector<const char*> starts{"FCALL"};
  std::vector<std::size_t> lengths{5};
  for (const auto& word : words) {
    starts.push_back(word.data());
    lengths.push_back(word.size());
  }
  const std::unique_ptr<void, FreeReply> answer{
      redisCommandArgv(connection, static_cast<int>(starts.size()), starts.data(), lengths.data())};
  if (!answer) return Error{ErrorCode::in_doubt, std::string{doing} + ": " + connection->errstr};
  return read_answer(*static_cast<const redisReply*>(answer.get()));
}

Result<Answer> call_with_effects(redisContext* connection, const char* function, const Mark& mark,
                                 const std::vector<Effect>& effects, std::chrono::seconds retention,
                                 const std::string& key) {
  if (auto checked = inbox::check(mark); !checked) return std::move(checked).error();
  const auto keys = keys_of(effects, key);
  if (keys.empty()) return Error{ErrorCode::invalid_argument, "an operation without effects needs a key"};
  std::vector<std::string> words{function, std::to_string(keys.size())};
  words.insert(words.end(), keys.begin(), keys.end());
  for (const auto& part : {mark.consumer, mark.unique_id, mark.fingerprint, mark.digest, mark.message_id}) {
    words.push_back(part);
  }
  words.push_back(std::to_string(retention.count()));
  append_effects(words, effects, keys);
  return call(connection, words);
}

}  // namespace waybill::inbox::redis
