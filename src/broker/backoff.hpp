#pragma once

#include <algorithm>
#include <random>

#include "core/time.hpp"

namespace waybill::broker {

/// How long to wait before the next attempt to connect: doubling from 0.1 s to a limit, with jitter so that many
/// processes do not come back at the same instant.
class Backoff {
 public:
  explicit Backoff(Duration longest) : longest_(longest) {}

  Duration next() {
    std::uniform_int_distribution<Duration::rep> within(ceiling_.count() / 10, ceiling_.count());
    const Duration wait{within(random_)};
    ceiling_ = std::min(ceiling_ * 2, longest_);
    return wait;
  }
  void reset() { ceiling_ = first; }

 private:
  static constexpr Duration first = std::chrono::milliseconds{100};
  Duration longest_;
  Duration ceiling_ = first;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace waybill::broker
