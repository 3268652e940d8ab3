#include "relay/broker_line.hpp"

#include <utility>

namespace waybill::relay {

BrokerLine::BrokerLine(BrokerIndex index, std::string name, std::unique_ptr<broker::Publisher> publisher, Sink sink,
                       LogSink log)
    : index_(index),
      name_(std::move(name)),
      sink_(std::move(sink)),
      log_(std::move(log)),
      publisher_(std::move(publisher)) {
  publisher_->start(*this);
}

BrokerLine::~BrokerLine() { publisher_->stop(Deadline::after(std::chrono::seconds{2})); }

void BrokerLine::on_up(const std::string& endpoint) {
  last_reason_.clear();
  log_("info", "broker '" + name_ + "': connected to " + endpoint);
  sink_(BrokerUp{index_, endpoint});
}

// Repeated for each failed try: said once.
void BrokerLine::on_down(broker::DownCause cause, const std::string& reason) {
  if (reason != last_reason_) log_("warn", "broker '" + name_ + "': " + reason);
  last_reason_ = reason;
  sink_(BrokerDown{index_, cause, reason});
}

void BrokerLine::on_blocked(bool blocked, const std::string& reason) {
  log_("warn", "broker '" + name_ + (blocked ? "': takes no messages now: " + reason : "': takes messages again"));
  sink_(BrokerBlocked{index_, blocked, reason});
}

void BrokerLine::on_outcomes(std::vector<broker::Outcome> outcomes) {
  sink_(OutcomesArrived{index_, std::move(outcomes)});
}

}  // namespace waybill::relay
