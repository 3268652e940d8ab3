#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "broker/backoff.hpp"
#include "broker/rocketmq/parcel.hpp"
#include "core/time.hpp"

namespace waybill::broker::rocketmq {

/// What a broker does not answer for while its disk or its replicas don't keep up. One message alone tries again, and
/// the others wait for what becomes of it: a broker that stores what it does not answer for would store each again and
/// again.
class Hold {
 public:
  bool empty() const { return held_.empty() && !trying_; }
  const std::string& reason() const { return reason_; }

  void add(Parcel parcel, std::string reason, MonoTime now);
  /// The message that tries again, when its time has come. It comes back by tried() or is answered.
  std::optional<Parcel> take_trial(MonoTime now);
  void tried_in_vain(Parcel parcel, std::string reason, MonoTime now);
  /// The broker answers for messages again, or is gone: what was held is the caller's, in its order.
  std::deque<Parcel> release(MonoTime now);

 private:
  std::deque<Parcel> held_;
  std::string reason_;
  bool trying_ = false;
  MonoTime try_at_{};
  MonoTime released_at_{};
  Backoff backoff_{std::chrono::seconds{10}};
};

}  // namespace waybill::broker::rocketmq
