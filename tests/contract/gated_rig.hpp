#pragma once

#include <memory>
#include <string>

#include "core/uuid.hpp"
#include "publisher_rig.hpp"
#include "tcp_gate.hpp"

namespace waybill::testing {

/// A rig of a real broker with a gate before it, which makes the faults.
class GatedRig : public PublisherRig {
 public:
  std::string fault() const override { return fault_; }
  void cut() override { gate_->cut(); }
  void reachable(bool reachable) override { gate_->open(reachable); }
  void hold_confirms(bool hold) override { gate_->hold_answers(hold); }

 protected:
  const std::string name_ = "contract-" + make_uuid7();
  std::string fault_;
  std::unique_ptr<TcpGate> gate_;
};

/// Of brokers that have topics and groups, and nothing between a topic and its messages.
class TopicRig : public GatedRig {
 public:
  ConsumerOptions consumer() const override {
    ConsumerOptions options;
    options.url = direct_;
    options.queue = good().exchange;
    options.group = name_;
    return options;
  }
  broker::OutcomeKind without_queue() const override { return broker::OutcomeKind::route_fault; }

 protected:
  std::string direct_;  ///< the URL past the gate
};

}  // namespace waybill::testing
