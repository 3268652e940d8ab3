#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "core/time.hpp"

namespace waybill::http {

/// What was read, and when.
template <class Figures>
struct Dated {
  Figures figures;
  MonoTime at{};
  double age_seconds() const {
    return std::chrono::duration<double>(MonoTime{std::chrono::steady_clock::now()} - at).count();
  }
};

/// How long figures are given again that took so long to read: for a twentieth of the time the stores are asked at
/// most.
inline Duration rest_after(Duration took) {
  constexpr int share = 20;
  return std::clamp<Duration>(took * share, std::chrono::seconds{1}, std::chrono::minutes{1});
}

/// Reads figures from the stores for all who ask: once a second at most, only while somebody asks, and for a twentieth
/// of the time at most, so that a thousand open pages cost the user's database what one does. Thread-safe.
template <class Figures>
class Watch {
 public:
  using Read = std::function<Figures()>;

  explicit Watch(Read read) : read_(std::move(read)), thread_([this] { read_on_demand(); }) {}
  ~Watch() {
    {
      const std::lock_guard lock(mutex_);
      quit_ = true;
    }
    change_.notify_all();
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// What is known; older than usual, as its age tells, while the stores don't answer. Null when they never have.
  /// Blocks for `patience` at most.
  std::shared_ptr<const Dated<Figures>> look(Duration patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::unique_lock lock(mutex_);
    if (is_fresh()) return last_;
    wanted_ = true;
    change_.notify_all();
    change_.wait_until(lock, deadline, [this] { return quit_ || is_fresh(); });
    return last_;
  }

 private:
  bool is_fresh() const { return last_ && std::chrono::steady_clock::now() - last_->at < rest_; }

  void read_on_demand() {
    std::unique_lock lock(mutex_);
    while (true) {
      change_.wait(lock, [this] { return quit_ || wanted_; });
      if (quit_) return;
      lock.unlock();
      const MonoTime begun = std::chrono::steady_clock::now();
      auto read = std::make_shared<Dated<Figures>>(Dated<Figures>{read_(), std::chrono::steady_clock::now()});
      lock.lock();
      wanted_ = false;
      rest_ = rest_after(read->at - begun);
      last_ = std::move(read);
      change_.notify_all();
    }
  }

  const Read read_;
  std::mutex mutex_;
  std::condition_variable change_;
  std::shared_ptr<const Dated<Figures>> last_;  // guarded by mutex_, as all below
  Duration rest_{};
  bool wanted_ = false;
  bool quit_ = false;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace waybill::http
