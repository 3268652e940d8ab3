#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/time.hpp"

namespace waybill {

/// How long something took, counted by classes. Not thread-safe.
class Histogram {
 public:
  /// Upper bounds in seconds; what took longer is in one more class.
  static constexpr std::array<double, 20> bounds{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,  0.5,
                                                 1,      2,     5,     10,    30,   60,   300,  900, 3600, 86400};

  /// A negative span counts as none.
  void add(Duration span) {
    const double seconds = std::max(0.0, std::chrono::duration<double>(span).count());
    const auto* bound = std::lower_bound(bounds.begin(), bounds.end(), seconds);
    ++counts_[static_cast<std::size_t>(bound - bounds.begin())];
    sum_ += seconds;
  }

  Histogram& operator+=(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    sum_ += other.sum_;
    return *this;
  }

  /// One count for each bound and one for what is above the last; not cumulative.
  const std::array<std::uint64_t, bounds.size() + 1>& counts() const { return counts_; }
  double sum_seconds() const { return sum_; }

 private:
  std::array<std::uint64_t, bounds.size() + 1> counts_{};
  double sum_ = 0;
};

}  // namespace waybill
