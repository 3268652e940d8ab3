#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/rocketmq/link.hpp"
#include "broker/rocketmq/receipts.hpp"
#include "broker/rocketmq/receiver.hpp"
#include "broker/rocketmq/settings.hpp"
#include "core/wakeup.hpp"
#include "waybill/consumer.h"

namespace waybill::broker::rocketmq {

/// Consumes one topic as a member of a group. A Receiver for each broker that has queues of the topic fetches ahead;
/// everything else happens on the caller's thread, inside receive(), ack() and reject().
class RocketMqConsumer final : public Consumer {
 public:
  RocketMqConsumer(Settings settings, Subscription subscription, std::uint16_t prefetch);
  ~RocketMqConsumer() override;

  Result<std::optional<Delivery>> receive(std::chrono::milliseconds wait) override;
  void ack(const Delivery& delivery) override;
  void reject(const Delivery& delivery, bool requeue) override;
  void stop() override;

 private:
  struct Acks {
    std::vector<Receipt> waiting;
    bool under_way = false;
    MonoTime not_before{};
  };

  void look_for_brokers();
  void take_route(const grpc::Status& status, const v2::QueryRouteResponse& response);
  Status fault();
  void send_acks();
  void send_acks(const Receiver& receiver, Acks& acks);
  void give_back(const Receipt& receipt);
  void forward_to_dead_letters(const Receipt& receipt, std::uint32_t attempt);
  void finish(Deadline deadline);
  bool has_acks() const;
  const Receiver* receiver_of(const Receipt& receipt) const;

  const Settings settings_;
  const Subscription subscription_;
  const Identity asking_identity_;  ///< asks for routes only
  const Identity identity_;
  Wakeup wakeup_;
  std::atomic<bool> stopped_{false};
  Receipts receipts_;
  std::vector<std::unique_ptr<Link>> links_;  ///< to the proxies of the URL
  std::map<Source, std::unique_ptr<Receiver>> receivers_;
  std::map<const Receiver*, Acks> acks_;
  bool asking_ = false;
  MonoTime asked_at_{};
  Status fault_;
  std::unique_ptr<Calls> calls_;  ///< last: its end waits for what is under way
};

}  // namespace waybill::broker::rocketmq
