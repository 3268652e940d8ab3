#include "broker/publisher_thread.hpp"

#include <poll.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace waybill::broker {

void PublisherThread::add(std::vector<Outgoing> messages) {
  if (messages.empty()) return;
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = left_.empty();
    if (was_empty) {
      left_ = std::move(messages);
    } else {
      std::move(messages.begin(), messages.end(), std::back_inserter(left_));
    }
  }
  // Whoever found it empty wakes the thread; the others know that it is awake or about to be.
  if (was_empty) wakeup_.signal();
}

void PublisherThread::stop(Deadline deadline) {
  if (!thread_.joinable()) return;
  stop_by_ = deadline.at().time_since_epoch().count();
  stopping_ = true;
  wakeup_.signal();
  thread_.join();
}

std::vector<Outgoing> PublisherThread::take() {
  // The flag first: a message that arrives in between is either taken now or sets it again.
  wakeup_.clear();
  const std::lock_guard lock(mutex_);
  return std::exchange(left_, {});
}

Deadline PublisherThread::end_by(Duration limit) const {
  const Deadline latest = Deadline::after(limit);
  return stopping_ ? Deadline(std::min(MonoTime{Duration{stop_by_}}, latest.at())) : latest;
}

void PublisherThread::wait(Deadline deadline) const {
  pollfd polled{wakeup_.fd(), POLLIN, 0};
  ::poll(&polled, 1, deadline.poll_timeout());
}

}  // namespace waybill::broker
