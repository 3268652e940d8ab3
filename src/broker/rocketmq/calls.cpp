#include "broker/rocketmq/calls.hpp"

#include <chrono>
#include <thread>

namespace waybill::broker::rocketmq {

Calls::~Calls() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [call, owned] : open_) call->context.TryCancel();
  }
  // A cancelled call ends at once. What gRPC's thread does after it has told us ends within answered().
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (answered_.size() == open_.size()) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

void Calls::cancel(const void* owner) {
  const std::lock_guard lock(mutex_);
  for (const auto& [call, owned] : open_) {
    if (call->owner == owner) call->context.TryCancel();
  }
}

void Calls::take_answers() {
  std::vector<std::unique_ptr<AnyCall>> taken;
  {
    const std::lock_guard lock(mutex_);
    for (AnyCall* call : answered_) taken.push_back(std::move(open_.extract(call).mapped()));
    answered_.clear();
  }
  for (const auto& call : taken) call->finish();
}

bool Calls::idle() const {
  const std::lock_guard lock(mutex_);
  return open_.empty();
}

// Wakes under the lock: whoever destroys this object takes the lock once after the last answer.
void Calls::answered(AnyCall* call) {
  const std::lock_guard lock(mutex_);
  answered_.push_back(call);
  wake_();
}

}  // namespace waybill::broker::rocketmq
