#include <utility>

#include "inbox/mark.hpp"
#include "inbox/redis/call.hpp"

namespace waybill::redis {
namespace {

Result<Ended> end(redisContext* connection, const char* function, const Mark& mark, const std::string& attempt,
                  const std::string& key) {
  constexpr std::pair<std::string_view, Ended> results[] = {
      {"done", Ended::done}, {"released", Ended::done}, {"duplicate", Ended::duplicate}, {"gone", Ended::gone}};
  if (auto checked = inbox::check(mark); !checked) return std::move(checked).error();
  auto answer =
      inbox::redis::call(connection, {function, "1", key, mark.consumer, mark.unique_id, mark.fingerprint, attempt});
  if (!answer) return answer.error();
  return inbox::redis::meaning_of<Ended>(answer->word, results);
}

}  // namespace

Result<Reserved> reserve(redisContext* connection, const Mark& mark, const std::vector<Effect>& effects,
                         std::chrono::seconds retention) {
  constexpr std::pair<std::string_view, Reserved::Result> results[] = {{"reserved", Reserved::Result::reserved},
                                                                       {"pending", Reserved::Result::pending},
                                                                       {"duplicate", Reserved::Result::duplicate},
                                                                       {"conflict", Reserved::Result::conflict},
                                                                       {"expired", Reserved::Result::expired},
                                                                       {"short", Reserved::Result::too_little},
                                                                       {"full", Reserved::Result::full}};
  auto answer = inbox::redis::call_with_effects(connection, "waybill_reserve", mark, effects, retention, {});
  if (!answer) return answer.error();
  auto result = inbox::redis::meaning_of<Reserved::Result>(answer->word, results);
  if (!result) return result.error();
  Reserved reserved{*result, {}, std::move(answer->values)};
  const bool has_attempt = *result == Reserved::Result::reserved || *result == Reserved::Result::pending;
  if (has_attempt && !reserved.values.empty()) {
    reserved.attempt = std::move(reserved.values.front());
    reserved.values.erase(reserved.values.begin());
  }
  return reserved;
}

Mark attempt_mark(const std::string& attempt) {
  Mark mark;
  mark.consumer = "waybill:attempt";
  mark.unique_id = attempt;
  mark.fingerprint = "1";
  return mark;
}

Result<Ended> complete(redisContext* connection, const Mark& mark, const std::string& attempt, const std::string& key) {
  return end(connection, "waybill_complete", mark, attempt, key);
}

Result<Ended> release(redisContext* connection, const Mark& mark, const std::string& attempt, const std::string& key) {
  return end(connection, "waybill_release", mark, attempt, key);
}

}  // namespace waybill::redis
