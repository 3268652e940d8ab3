#include "broker/rocketmq/hold.hpp"

namespace waybill::broker::rocketmq {
namespace {

/// A broker that fails again sooner than this has not recovered: the pauses go on growing.
constexpr Duration recovered_after = std::chrono::seconds{10};

}  // namespace

void Hold::add(Parcel parcel, std::string reason, MonoTime now) {
  if (empty()) {
    if (now - released_at_ > recovered_after) backoff_.reset();
    try_at_ = now + backoff_.next();
  }
  reason_ = std::move(reason);
  held_.push_back(std::move(parcel));
}

std::optional<Parcel> Hold::take_trial(MonoTime now) {
  if (trying_ || held_.empty() || now < try_at_) return std::nullopt;
  trying_ = true;
  Parcel trial = std::move(held_.front());
  held_.pop_front();
  return trial;
}

void Hold::tried_in_vain(Parcel parcel, std::string reason, MonoTime now) {
  trying_ = false;
  held_.push_front(std::move(parcel));
  reason_ = std::move(reason);
  try_at_ = now + backoff_.next();
}

std::deque<Parcel> Hold::release(MonoTime now) {
  trying_ = false;
  released_at_ = now;
  reason_.clear();
  return std::exchange(held_, {});
}

}  // namespace waybill::broker::rocketmq
