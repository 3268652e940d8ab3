#pragma once

namespace waybill {

/// A file descriptor that one thread makes readable to end another's wait.
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  void signal() noexcept;  ///< any thread
  void clear() noexcept;   ///< the waiting thread, before it looks at what was left for it
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace waybill
