#pragma once

#include <vector>

#include "broker/backoff.hpp"
#include "broker/publisher.hpp"
#include "broker/publisher_thread.hpp"
#include "broker/rabbitmq/endpoint.hpp"
#include "broker/rabbitmq/exchange_gate.hpp"
#include "broker/rabbitmq/session.hpp"

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
  /// Answers everything that was left for the thread `unsent`; false when it is to end.
  bool refuse_left(const char* why);
  void pause(Duration wait);

  Endpoint endpoint_;
  PublisherEvents* events_ = nullptr;  ///< set before the thread starts
  ExchangeGate gate_;
  Backoff backoff_{std::chrono::seconds{10}};
  bool blocked_ = false;
  bool up_ = false;
  PublisherThread thread_;
};

}  // namespace waybill::broker::rabbitmq
