#include "broker/rocketmq/hold.hpp"

namespace waybill::broker::rocketmq {
namespace {

/// A broker that fails again sooner than this has not recovered: the pauses go on growing.
constexpr Duration recovered_after = std::chrono::seconds{10};
constexpr std::size_t most_at_once = 64;

}  // namespace

void Hold::add(Parcel parcel, std::string reason, MonoTime now) {
  if (empty()) {
    if (now - well_since_ > recovered_after) backoff_.reset();
    at_once_ = 1;
    try_at_ = now + backoff_.next();
  }
  reason_ = std::move(reason);
  held_.push_back(std::move(parcel));
}

std::vector<Parcel> Hold::take_trials(MonoTime now) {
  std::vector<Parcel> trials;
  while (now >= try_at_ && trying_ < at_once_ && !held_.empty()) {
    ++trying_;
    trials.push_back(std::move(held_.front()));
    held_.pop_front();
  }
  return trials;
}

void Hold::tried_in_vain(Parcel parcel, std::string reason, MonoTime now) {
  end_trial();
  held_.push_front(std::move(parcel));
  reason_ = std::move(reason);
  // Of several that failed together the first has said it.
  if (at_once_ > 1 || now >= try_at_) try_at_ = now + backoff_.next();
  at_once_ = 1;
}

void Hold::answered(MonoTime now) {
  end_trial();
  at_once_ = std::min(at_once_ * 2, most_at_once);
  well_since_ = now;
  if (empty()) reason_.clear();
}

// The answer to one may come after all was released.
void Hold::end_trial() {
  if (trying_ > 0) --trying_;
}

std::deque<Parcel> Hold::release() {
  trying_ = 0;
  reason_.clear();
  return std::exchange(held_, {});
}

}  // namespace waybill::broker::rocketmq
