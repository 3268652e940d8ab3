#pragma once

/// \file
/// How often the guards of one process answered what. Compiles as C++17, 20 and 23.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace waybill {

/// Counts answers of guards for a service's own `/metrics`: the relay can't know them. Count after the commit, and what
/// was rolled back is not in it. Thread-safe; never blocks for longer than another count takes.
class InboxTotals {
 public:
  /// `answer` is what `to_string()` says of a guard's answer: `totals.count("inventory", to_string(*answer))`. Keep
  /// `consumer` to names of your own, never a message's: each is kept for as long as the object lives.
  void count(std::string_view consumer, std::string_view answer);

  /// `waybill_inbox_total{consumer,result}` in Prometheus' text format 0.0.4, sorted; only what was counted. Empty when
  /// nothing was.
  std::string prometheus() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> totals_;
};

}  // namespace waybill
