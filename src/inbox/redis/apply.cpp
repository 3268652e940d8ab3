#include <hiredis/hiredis.h>

#include <algorithm>
#include <memory>

#include "inbox/mark.hpp"
#include "store/redis/redis_error.hpp"
#include "waybill/inbox_redis.h"

namespace waybill::redis {
namespace {

constexpr std::string_view doing = "can't apply the operation";

struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

Effect with_words(std::string name, std::string key, std::vector<std::string> words) {
  return {std::move(name), std::move(key), std::move(words)};
}

/// Each key once, in the order in which they appear.
std::vector<std::string> keys_of(const std::vector<Effect>& effects, const std::string& key) {
  std::vector<std::string> keys;
  if (!key.empty()) keys.push_back(key);
  for (const auto& effect : effects) {
    if (std::find(keys.begin(), keys.end(), effect.key) == keys.end()) keys.push_back(effect.key);
  }
  return keys;
}

std::vector<std::string> command(const Mark& mark, const std::vector<Effect>& effects,
                                 const std::vector<std::string>& keys, std::chrono::seconds retention) {
  std::vector<std::string> words{"FCALL", "waybill_apply", std::to_string(keys.size())};
  words.insert(words.end(), keys.begin(), keys.end());
  for (const auto& part : {mark.consumer, mark.unique_id, mark.fingerprint, mark.digest, mark.message_id}) {
    words.push_back(part);
  }
  words.push_back(std::to_string(retention.count()));
  for (const auto& effect : effects) {
    words.push_back(effect.name);
    const auto at = std::find(keys.begin(), keys.end(), effect.key) - keys.begin();
    words.push_back(std::to_string(at + 1));
    words.insert(words.end(), effect.words.begin(), effect.words.end());
  }
  return words;
}

std::string text_of(const redisReply& reply) {
  return reply.type == REDIS_REPLY_INTEGER ? std::to_string(reply.integer) : std::string{reply.str, reply.len};
}

Result<Applied> read_answer(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ERROR) return error_of({reply.str, reply.len}, doing);
  if (reply.type == REDIS_REPLY_STATUS) {
    return Error{ErrorCode::invalid_argument,
                 std::string{doing} + ": a MULTI is open, so there is no answer yet to act on"};
  }
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements == 0 || reply.element[0]->type != REDIS_REPLY_STRING) {
    return Error{ErrorCode::corrupt, std::string{doing} + ": the server's answer makes no sense"};
  }
  constexpr std::pair<std::string_view, Applied::Result> results[] = {
      {"new", Applied::Result::fresh},         {"duplicate", Applied::Result::duplicate},
      {"conflict", Applied::Result::conflict}, {"expired", Applied::Result::expired},
      {"short", Applied::Result::too_little},  {"full", Applied::Result::full}};
  Applied applied;
  const auto word = text_of(*reply.element[0]);
  const auto* known =
      std::find_if(std::begin(results), std::end(results), [&](const auto& one) { return one.first == word; });
  if (known == std::end(results))
    return Error{ErrorCode::corrupt, std::string{doing} + ": unknown answer '" + word + "'"};
  applied.result = known->second;
  for (std::size_t at = 1; at < reply.elements; ++at) applied.values.push_back(text_of(*reply.element[at]));
  return applied;
}

}  // namespace

Effect take(std::string key, std::int64_t amount) {
  return with_words("take", std::move(key), {std::to_string(amount)});
}

Effect add(std::string key, std::int64_t amount) { return with_words("add", std::move(key), {std::to_string(amount)}); }

Effect set(std::string key, std::string value) { return with_words("set", std::move(key), {std::move(value)}); }

Effect hash_set(std::string key, std::string field, std::string value) {
  return with_words("hset", std::move(key), {std::move(field), std::move(value)});
}

Effect hash_add(std::string key, std::string field, std::int64_t amount) {
  return with_words("hadd", std::move(key), {std::move(field), std::to_string(amount)});
}

Effect hash_take(std::string key, std::string field, std::int64_t amount) {
  return with_words("htake", std::move(key), {std::move(field), std::to_string(amount)});
}

Effect journal(std::string key, std::string apply, std::string entity,
               std::vector<std::pair<std::string, std::string>> fields, std::uint64_t limit) {
  std::vector<std::string> words{std::to_string(limit), std::move(apply), std::move(entity),
                                 std::to_string(fields.size())};
  for (auto& [name, value] : fields) {
    words.push_back(std::move(name));
    words.push_back(std::move(value));
  }
  return with_words("journal", std::move(key), std::move(words));
}

Result<Applied> apply(redisContext* connection, const Mark& mark, const std::vector<Effect>& effects,
                      std::chrono::seconds retention, const std::string& key) {
  if (auto checked = inbox::check(mark); !checked) return std::move(checked).error();
  if (connection == nullptr) return Error{ErrorCode::invalid_argument, "the connection is null"};
  const auto keys = keys_of(effects, key);
  if (keys.empty()) return Error{ErrorCode::invalid_argument, "an operation without effects needs a key"};
  const auto words = command(mark, effects, keys, retention);
  std::vector<const char*> starts;
  std::vector<std::size_t> lengths;
  for (const auto& word : words) {
    starts.push_back(word.data());
    lengths.push_back(word.size());
  }
  const std::unique_ptr<void, FreeReply> answer{
      redisCommandArgv(connection, static_cast<int>(words.size()), starts.data(), lengths.data())};
  if (!answer) return Error{ErrorCode::in_doubt, std::string{doing} + ": " + connection->errstr};
  return read_answer(*static_cast<const redisReply*>(answer.get()));
}

}  // namespace waybill::redis
