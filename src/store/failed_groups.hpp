#pragma once

/// \file
/// Groups failed messages whose causes differ only in numbers and ids. Every store uses it, so that the same answers
/// give the same groups everywhere.

#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "store/store.hpp"

namespace waybill::store {

/// The answer with every run of digits, and every longer run of hex digits and dashes as ids have, replaced by `#`.
inline std::string normalise_answer(std::string_view answer) {
  const auto in_id = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == '-'; };
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  std::string text;
  for (std::size_t at = 0; at < answer.size();) {
    std::size_t end = at;
    while (end < answer.size() && in_id(answer[end])) ++end;
    const auto run = answer.substr(at, end - at);
    if (run.size() >= 8 && std::any_of(run.begin(), run.end(), is_digit)) {
      text += '#';
      at = end;
    } else if (is_digit(answer[at])) {
      text += '#';
      while (at < answer.size() && is_digit(answer[at])) ++at;
    } else {
      text += answer[at++];
    }
  }
  return text;
}

class FailedGroups {
 public:
  /// Adds one message, or the sum of some: answer as it was given, the other fields filled in.
  void add(FailedGroup part) {
    part.answer = normalise_answer(part.answer);
    auto [entry, is_new] = groups_.try_emplace(std::tuple{part.route, part.reason, part.answer}, part);
    if (is_new) return;
    auto& group = entry->second;
    group.count += part.count;
    group.first_ms = std::min(group.first_ms, part.first_ms);
    group.last_ms = std::max(group.last_ms, part.last_ms);
  }

  std::vector<FailedGroup> largest_first(std::size_t limit) const {
    std::vector<FailedGroup> all;
    all.reserve(groups_.size());
    for (const auto& [name, group] : groups_) all.push_back(group);
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return std::tie(b.count, a.route, a.reason, a.answer) < std::tie(a.count, b.route, b.reason, b.answer);
    });
    if (all.size() > limit) all.resize(limit);
    return all;
  }

 private:
  std::map<std::tuple<std::string, std::string, std::string>, FailedGroup> groups_;
};

}  // namespace waybill::store
