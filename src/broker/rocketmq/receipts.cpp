#include "broker/rocketmq/receipts.hpp"

#include <algorithm>
#include <utility>

namespace waybill::broker::rocketmq {

std::size_t Receipts::reserve(std::size_t most, Deadline deadline) {
  std::unique_lock lock(mutex_);
  room_.wait_until(lock, deadline.at(), [this] { return stopped_ || open_.size() + reserved_ < prefetch_; });
  const std::size_t used = open_.size() + reserved_;
  const std::size_t granted = stopped_ || used >= prefetch_ ? 0 : std::min(most, prefetch_ - used);
  reserved_ += granted;
  return granted;
}

void Receipts::release(std::size_t count) {
  const std::lock_guard lock(mutex_);
  reserved_ -= count;
  room_.notify_all();
}

void Receipts::add(Delivery delivery, Receipt receipt, MonoTime now) {
  const std::lock_guard lock(mutex_);
  --reserved_;
  delivery.tag = ++last_tag_;
  open_.emplace(delivery.tag, Open{std::move(receipt), now});
  ready_.push_back(std::move(delivery));
}

std::optional<Delivery> Receipts::hand_out() {
  const std::lock_guard lock(mutex_);
  if (ready_.empty()) return std::nullopt;
  Delivery delivery = std::move(ready_.front());
  ready_.pop_front();
  return delivery;
}

std::optional<Receipt> Receipts::take(std::uint64_t tag) {
  const std::lock_guard lock(mutex_);
  auto found = open_.extract(tag);
  if (found.empty()) return std::nullopt;
  room_.notify_all();
  return std::move(found.mapped().receipt);
}

std::vector<Receipts::Due> Receipts::due(const void* from, Duration age, MonoTime now) const {
  const std::lock_guard lock(mutex_);
  std::vector<Due> all;
  for (const auto& [tag, open] : open_) {
    if (open.receipt.from == from && now - open.invisible_since > age) all.push_back({tag, open.receipt});
  }
  return all;
}

void Receipts::renewed(std::uint64_t tag, std::string handle, MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(tag);
  if (found == open_.end()) return;
  found->second.receipt.handle = std::move(handle);
  found->second.invisible_since = now;
}

void Receipts::expired(std::uint64_t tag) {
  const std::lock_guard lock(mutex_);
  open_.erase(tag);
  std::erase_if(ready_, [tag](const Delivery& delivery) { return delivery.tag == tag; });
  room_.notify_all();
}

std::vector<Receipt> Receipts::take_all() {
  const std::lock_guard lock(mutex_);
  std::vector<Receipt> all;
  for (auto& [tag, open] : open_) all.push_back(std::move(open.receipt));
  open_.clear();
  ready_.clear();
  return all;
}

void Receipts::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  room_.notify_all();
}

}  // namespace waybill::broker::rocketmq
