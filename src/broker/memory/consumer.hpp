#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "broker/memory/broker.hpp"
#include "waybill/consumer.h"

namespace waybill::broker::memory {

/// Consumes from a queue of the broker inside the process.
class QueueConsumer final : public Consumer {
 public:
  QueueConsumer(std::shared_ptr<Broker> broker, std::string queue, std::uint16_t prefetch);
  ~QueueConsumer() override;

  Result<std::optional<Delivery>> receive(std::chrono::milliseconds wait) override;
  void ack(const Delivery& delivery) override;
  void reject(const Delivery& delivery, bool requeue) override;
  void stop() override;

 private:
  std::optional<Delivery> next();

  std::shared_ptr<Broker> broker_;
  std::string queue_;
  std::uint16_t prefetch_;
  std::map<std::uint64_t, Delivered> unacknowledged_;
  std::uint64_t last_tag_ = 0;
  std::atomic<bool> stopped_{false};
};

}  // namespace waybill::broker::memory
