#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "broker/backoff.hpp"
#include "broker/rocketmq/parcel.hpp"
#include "core/time.hpp"

namespace waybill::broker::rocketmq {

/// What a broker does not answer for while its disk or its replicas don't keep up. One message alone tries again, and
/// for each that is confirmed two more, until nothing is held: a broker that stores what it does not answer for would
/// else store everything each time.
class Hold {
 public:
  bool empty() const { return held_.empty() && trying_ == 0; }
  const std::string& reason() const { return reason_; }

  void add(Parcel parcel, std::string reason, MonoTime now);
  /// Those that try again now. Each comes back by tried_in_vain(), or is answered and counted by answered().
  std::vector<Parcel> take_trials(MonoTime now);
  void tried_in_vain(Parcel parcel, std::string reason, MonoTime now);
  void answered(MonoTime now);
  /// The broker is gone: what was held is the caller's, in its order.
  std::deque<Parcel> release();

 private:
  void end_trial();

  std::deque<Parcel> held_;
  std::string reason_;
  std::size_t trying_ = 0;
  std::size_t at_once_ = 1;
  MonoTime try_at_{};
  MonoTime well_since_{};
  Backoff backoff_{std::chrono::seconds{10}};
};

}  // namespace waybill::broker::rocketmq
