#pragma once

#include <functional>

namespace waybill::broker::rabbitmq {

/// Lets other threads end a poll(2) of the thread that owns it.
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  void signal() noexcept;  ///< any thread
  void clear() noexcept;   ///< the owner, before it looks at what was left for it
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

/// What a thread goes on answering to while it waits for a connection to be made.
struct Interrupt {
  int fd = -1;                  ///< becomes readable when there is something to answer; -1: nothing ever
  std::function<bool()> woken;  ///< answers it; false: give up waiting
};

}  // namespace waybill::broker::rabbitmq
