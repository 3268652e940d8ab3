#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "http/watch.hpp"
#include "waybill/result.h"

namespace waybill::http {

/// Answers to questions that many ask alike, each of which costs a database more the more there is: who asks what is
/// being read waits for that answer, and it is given again for twenty times as long as it took, from a second to a
/// minute. So a question costs a twentieth of the time at most, whoever asks it. Thread-safe.
template <class Figures>
class AskedOnce {
 public:
  using Answer = Result<Figures>;
  using Known = std::shared_ptr<const Dated<Answer>>;

  /// Reads, or gives what was read for another. Blocks for as long as reading takes.
  Known ask(const std::string& question, const std::function<Answer()>& read) {
    std::unique_lock lock(mutex_);
    change_.wait(lock, [&] { return !answers_[question].being_read; });
    if (const auto& entry = answers_[question]; entry.is_fresh()) return entry.known;
    make_room();
    answers_[question].being_read = true;
    lock.unlock();
    const MonoTime begun = std::chrono::steady_clock::now();
    auto known = std::make_shared<const Dated<Answer>>(Dated<Answer>{read(), std::chrono::steady_clock::now()});
    lock.lock();
    // A database that was away is asked again soon, however long that took.
    answers_[question] = {known, rest_after(known->figures ? known->at - begun : Duration{}), false};
    change_.notify_all();
    return known;
  }

 private:
  static constexpr std::size_t most = 32;

  struct Entry {
    Known known;
    Duration rest{};
    bool being_read = false;

    bool is_fresh() const { return known && std::chrono::steady_clock::now() - known->at < rest; }
  };

  /// Searches differ without end.
  void make_room() {
    if (answers_.size() < most) return;
    std::erase_if(answers_, [](const auto& one) { return !one.second.being_read && !one.second.is_fresh(); });
    while (answers_.size() > most) {
      const auto found = std::ranges::find_if(answers_, [](const auto& one) { return !one.second.being_read; });
      if (found == answers_.end()) return;
      answers_.erase(found);
    }
  }

  std::mutex mutex_;
  std::condition_variable change_;
  std::map<std::string, Entry> answers_;  // guarded by mutex_
};

}  // namespace waybill::http
