#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "broker/publisher.hpp"
#include "core/time.hpp"
#include "core/wakeup.hpp"

namespace waybill::broker {

/// A publisher's own thread, and what others leave for it: messages, and the wish that it ends.
class PublisherThread {
 public:
  /// Starts the thread. `run` ends soon after stopping() has become true.
  void start(std::function<void()> run) { thread_ = std::thread(std::move(run)); }
  /// Any thread. Never blocks.
  void add(std::vector<Outgoing> messages);
  /// Any thread: there is something else for it to look at.
  void wake() { wakeup_.signal(); }
  /// Asks the thread to end and waits until it has. May be repeated, and called before start().
  void stop(Deadline deadline);

  // The thread itself:

  /// What has been left since the last call.
  std::vector<Outgoing> take();
  bool stopping() const { return stopping_; }
  /// When whoever stops it wants it to have ended, at most `limit` from now.
  Deadline end_by(Duration limit) const;
  /// Becomes readable when there is something new; take() makes it quiet.
  int fd() const { return wakeup_.fd(); }
  /// Waits until there is something new, or until the deadline.
  void wait(Deadline deadline) const;

 private:
  Wakeup wakeup_;
  std::mutex mutex_;
  std::vector<Outgoing> left_;  ///< guarded by mutex_
  std::atomic<bool> stopping_{false};
  std::atomic<MonoTime::rep> stop_by_{0};
  std::thread thread_;
};

}  // namespace waybill::broker
