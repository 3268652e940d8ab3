#include <utility>

#include "core/uuid.hpp"
#include "inbox/redis/call.hpp"
#include "store/redis/placing.hpp"
#include "waybill/inbox_redis.h"

namespace waybill::redis {
namespace {

Effect with_words(std::string name, std::string key, std::vector<std::string> words) {
  return {std::move(name), std::move(key), std::move(words)};
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

Result<Effect> send(const Message& message, std::uint32_t lanes) {
  if (auto valid = check(message, lanes); !valid) return std::move(valid).error();
  const MessageId id = message.id.empty() ? MessageId{make_uuid7()} : message.id;
  auto words = send_arguments(message, id);
  words.insert(words.begin(), std::to_string(words.size()));
  return with_words("send", stream_of(lane_for(message, lanes)), std::move(words));
}

Result<Applied> apply(redisContext* connection, const Mark& mark, const std::vector<Effect>& effects,
                      std::chrono::seconds retention, const std::string& key) {
  constexpr std::pair<std::string_view, Applied::Result> results[] = {
      {"new", Applied::Result::fresh},         {"duplicate", Applied::Result::duplicate},
      {"conflict", Applied::Result::conflict}, {"expired", Applied::Result::expired},
      {"short", Applied::Result::too_little},  {"full", Applied::Result::full}};
  auto answer = inbox::redis::call_with_effects(connection, "waybill_apply", mark, effects, retention, key);
  if (!answer) return answer.error();
  auto result = inbox::redis::meaning_of<Applied::Result>(answer->word, results);
  if (!result) return result.error();
  return Applied{*result, std::move(answer->values)};
}

}  // namespace waybill::redis
