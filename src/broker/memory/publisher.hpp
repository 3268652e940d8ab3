#pragma once

/// \file
/// Publishers to the broker inside the process: one driven by hand, one with a thread.

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "broker/memory/broker.hpp"
#include "broker/publisher.hpp"

namespace waybill::broker::memory {

/// Has no thread: everything happens inside pump(), in one order, so a run can be repeated exactly.
class PumpedPublisher final : public Publisher {
 public:
  explicit PumpedPublisher(std::shared_ptr<Broker> broker);

  void start(PublisherEvents& events) override;
  void publish(std::vector<Outgoing> messages) override;
  void stop(Deadline deadline) override;

  /// Does all that can be done now: connects, hands over what is queued, reports outcomes. True when anything happened.
  bool pump();

 private:
  bool follow_connection(const Broker::State& state);
  bool follow_releases(const Broker::State& state);
  bool hand_over();
  void lose(const std::string& reason);

  std::shared_ptr<Broker> broker_;
  PublisherEvents* events_ = nullptr;
  std::mutex mutex_;  ///< guards queue_
  std::vector<Outgoing> queue_;
  std::deque<Tag> held_;  ///< taken by the broker, not confirmed
  bool connected_ = false;
  bool told_unreachable_ = false;
  bool blocked_ = false;
  std::uint64_t cuts_ = 0;
  std::uint64_t releases_ = 0;
};

/// The same with a thread of its own, as `memory://NAME` gives it.
class ThreadedPublisher final : public Publisher {
 public:
  explicit ThreadedPublisher(std::shared_ptr<Broker> broker);
  ~ThreadedPublisher() override;

  void start(PublisherEvents& events) override;
  void publish(std::vector<Outgoing> messages) override;
  void stop(Deadline deadline) override;

 private:
  std::shared_ptr<Broker> broker_;
  PumpedPublisher pumped_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace waybill::broker::memory
