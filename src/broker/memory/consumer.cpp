#include "broker/memory/consumer.hpp"

#include <utility>

namespace waybill::broker::memory {

QueueConsumer::QueueConsumer(std::shared_ptr<Broker> broker, std::string queue, std::uint16_t prefetch)
    : broker_(std::move(broker)), queue_(std::move(queue)), prefetch_(prefetch) {}

QueueConsumer::~QueueConsumer() {
  // Backwards, so that the queue gets them back in their old order.
  for (auto it = unacknowledged_.rbegin(); it != unacknowledged_.rend(); ++it) broker_->put_back(queue_, it->second);
}

std::optional<Delivery> QueueConsumer::next() {
  if (unacknowledged_.size() >= prefetch_) return std::nullopt;
  auto queued = broker_->pop(queue_);
  if (!queued) return std::nullopt;
  Delivery delivery;
  delivery.message = *queued->what.message;
  delivery.attempt = queued->what.attempt;
  delivery.redelivered = queued->redelivered;
  delivery.tag = ++last_tag_;
  unacknowledged_.emplace(delivery.tag, std::move(queued->what));
  return delivery;
}

Result<std::optional<Delivery>> QueueConsumer::receive(std::chrono::milliseconds wait) {
  const Deadline deadline = Deadline::after(wait);
  if (!broker_->has_queue(queue_)) {
    return Error(ErrorCode::not_found, "no queue '" + queue_ + "' in this memory broker: declare it first");
  }
  while (!stopped_) {
    const std::uint64_t seen = broker_->state().version;
    if (auto delivery = next()) return delivery;
    if (deadline.passed()) break;
    broker_->await_change(seen, deadline);
  }
  return std::optional<Delivery>();
}

void QueueConsumer::ack(const Delivery& delivery) { unacknowledged_.erase(delivery.tag); }

void QueueConsumer::reject(const Delivery& delivery, bool requeue) {
  auto node = unacknowledged_.extract(delivery.tag);
  if (node && requeue) broker_->put_back(queue_, std::move(node.mapped()));
}

void QueueConsumer::stop() {
  stopped_ = true;
  broker_->poke();
}

}  // namespace waybill::broker::memory
