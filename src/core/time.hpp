#pragma once

#include <chrono>
#include <cstdint>

namespace waybill {

using Duration = std::chrono::nanoseconds;

/// A point on this process's monotonic clock. Never stored, never sent to another host.
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// A point on a lane's own clock: milliseconds during which some relay has held the lane. It is stored with the lane's
/// position and goes on from there at a takeover, so no wall clock and no two hosts' clocks ever decide when a message
/// is due (faults.md, case 41).
struct LaneTime {
  std::int64_t ms = 0;
  friend auto operator<=>(const LaneTime&, const LaneTime&) = default;
};

/// A point in time after which a waiting call gives up; handed down, never re-computed.
class Deadline {
 public:
  explicit Deadline(MonoTime at) : at_(at) {}
  static Deadline after(Duration wait) { return Deadline{std::chrono::steady_clock::now() + wait}; }

  MonoTime at() const { return at_; }
  bool passed() const { return std::chrono::steady_clock::now() >= at_; }
  /// Whole milliseconds left, never negative, rounded up: fit for poll(2).
  int poll_timeout() const {
    const auto left = at_ - MonoTime{std::chrono::steady_clock::now()};
    if (left <= Duration::zero()) return 0;
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return ms > 3'600'000 ? 3'600'000 : static_cast<int>(ms);
  }

 private:
  MonoTime at_;
};

}  // namespace waybill
