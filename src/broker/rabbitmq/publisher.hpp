#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "broker/backoff.hpp"
#include "broker/publisher.hpp"
#include "broker/rabbitmq/endpoint.hpp"
#include "broker/rabbitmq/exchange_gate.hpp"
#include "broker/rabbitmq/session.hpp"
#include "core/wakeup.hpp"

namespace waybill::broker::rabbitmq {

/// A publisher to RabbitMQ: one thread that owns one connection at a time.
class RabbitPublisher final : public Publisher {
 public:
  explicit RabbitPublisher(Endpoint endpoint);
  ~RabbitPublisher() override;

  void start(PublisherEvents& events) override;
  void publish(std::vector<Outgoing> messages) override;
  void stop(Deadline deadline) override;

 private:
  // All below runs on the thread, unless said otherwise.
  void run();
  /// Serves one connection until it is lost or stop() was called.
  Loss serve(Link& link);
  bool exchange_frames(Session& session, Link& link, Loss& loss);
  void follow_blocked(const Session& session);
  void deliver(std::vector<Outcome>& outcomes);
  std::vector<Outgoing> take_inbox();
  /// Answers everything in the inbox `unsent`; false when the thread is to end.
  bool refuse_inbox(const char* why);
  void pause(Duration wait);

  Endpoint endpoint_;
  PublisherEvents* events_ = nullptr;  ///< set before the thread starts
  Wakeup wakeup_;

  std::mutex mutex_;
  std::vector<Outgoing> inbox_;  ///< guarded by mutex_

  std::atomic<bool> stopping_{false};
  std::atomic<MonoTime::rep> stop_by_{0};
  ExchangeGate gate_;
  Backoff backoff_{std::chrono::seconds{10}};
  bool blocked_ = false;
  bool up_ = false;
  std::thread thread_;
};

}  // namespace waybill::broker::rabbitmq
