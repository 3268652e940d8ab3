#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "broker/backoff.hpp"
#include "broker/rabbitmq/answer_ledger.hpp"
#include "broker/rabbitmq/delivery_assembly.hpp"
#include "broker/rabbitmq/endpoint.hpp"
#include "broker/rabbitmq/link.hpp"
#include "core/wakeup.hpp"
#include "waybill/consumer.h"

namespace waybill::broker::rabbitmq {

/// Consumes from one queue. Everything happens on the caller's thread, inside receive() and ack().
class RabbitConsumer final : public Consumer {
 public:
  RabbitConsumer(Endpoint endpoint, std::string queue, std::uint16_t prefetch);
  ~RabbitConsumer() override;

  Result<std::optional<Delivery>> receive(std::chrono::milliseconds wait) override;
  void ack(const Delivery& delivery) override;
  void reject(const Delivery& delivery, bool requeue) override;
  void stop() override;

 private:
  /// Connects when it is time to; an error only when waiting alone will not help.
  Status connect();
  void subscribe();
  Status read(MonoTime now);
  Status take(const Frame& frame);
  Status take_method(const Frame& frame);
  Error closed(const CloseReason& reason) const;
  void lose();
  void answered();
  Status send_answers();
  void pause(MonoTime until);
  std::optional<Delivery> pop();

  Endpoint endpoint_;
  std::string queue_;
  std::uint16_t prefetch_;
  Wakeup wakeup_;
  std::atomic<bool> stopped_{false};

  std::unique_ptr<Link> link_;  ///< null: not connected
  std::uint64_t session_ = 0;
  DeliveryAssembly assembly_;
  AnswerLedger answers_;
  std::deque<Delivery> ready_;
  Backoff backoff_;
  MonoTime retry_at_{};
  MonoTime handed_out_at_{};  ///< when receive() last returned a delivery
  std::size_t unsent_answers_ = 0;
};

}  // namespace waybill::broker::rabbitmq
