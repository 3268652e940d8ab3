#pragma once

/// \file
/// Calls of the guard's functions on the caller's own connection.

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "waybill/inbox_redis.h"

namespace waybill::inbox::redis {

struct Answer {
  std::string word;
  std::vector<std::string> values;
};

/// FCALL of these words after `FCALL`.
Result<Answer> call(redisContext* connection, const std::vector<std::string>& words);

/// The mark is checked first; `key` is one more key, before those of the effects, unless it is empty.
Result<Answer> call_with_effects(redisContext* connection, const char* function, const Mark& mark,
                                 const std::vector<waybill::redis::Effect>& effects, std::chrono::seconds retention,
                                 const std::string& key);

Error unknown_answer(const std::string& word);

template <class Meaning>
Result<Meaning> meaning_of(const std::string& word, std::span<const std::pair<std::string_view, Meaning>> known) {
  const auto found = std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.first == word; });
  return found == known.end() ? Result<Meaning>{unknown_answer(word)} : Result<Meaning>{found->second};
}

}  // namespace waybill::inbox::redis
