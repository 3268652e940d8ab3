#pragma once

#include <functional>
#include <memory>
#include <string>

#include "broker/publisher.hpp"
#include "relay/event.hpp"
#include "waybill/relay.h"

namespace waybill::relay {

/// One publisher of a lane, and the way of its events to the engine.
class BrokerLine final : public broker::PublisherEvents {
 public:
  using Sink = std::function<void(Event)>;

  BrokerLine(BrokerIndex index, std::string name, std::unique_ptr<broker::Publisher> publisher, Sink sink, LogSink log);
  ~BrokerLine() override;

  void publish(std::vector<broker::Outgoing> messages) { publisher_->publish(std::move(messages)); }

  void on_up(const std::string& endpoint) override;
  void on_down(broker::DownCause cause, const std::string& reason) override;
  void on_blocked(bool blocked, const std::string& reason) override;
  void on_outcomes(std::vector<broker::Outcome> outcomes) override;

 private:
  const BrokerIndex index_;
  const std::string name_;
  const Sink sink_;
  const LogSink log_;
  std::string last_reason_;  // the publisher's thread only
  std::unique_ptr<broker::Publisher> publisher_;
};

}  // namespace waybill::relay
