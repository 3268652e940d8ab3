#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "broker/rabbitmq/endpoint.hpp"
#include "broker/rabbitmq/publisher.hpp"
#include "fake_amqp/fake_broker.hpp"
#include "publisher_recorder.hpp"

namespace waybill::testing {

/// A publisher and a broker that says what the test wants.
class HostileBroker : public ::testing::Test {
 protected:
  void open(Duration heartbeat = std::chrono::seconds{30}) {
    BrokerConfig config;
    config.url = Secret(fake_.url());
    config.heartbeat = heartbeat;
    auto endpoint = broker::rabbitmq::make_endpoint(config);
    ASSERT_TRUE(endpoint) << endpoint.error().message();
    publisher_ = std::make_unique<broker::rabbitmq::RabbitPublisher>(*endpoint);
    publisher_->start(recorder_);
  }
  void open_up(Duration heartbeat = std::chrono::seconds{30}) {
    open(heartbeat);
    ASSERT_TRUE(recorder_.await_up());
  }
  void TearDown() override {
    if (publisher_) publisher_->stop(Deadline::after(std::chrono::seconds{1}));
    EXPECT_EQ(recorder_.state().doubled, 0) << "a message got two outcomes";
  }
  void publish(std::uint64_t first, std::uint64_t last, const std::string& exchange = "shop") {
    publisher_->publish(outgoings(first, last, exchange, "key"));
  }
  template <class Condition>
  static bool wait_until(Condition condition, Duration limit = std::chrono::seconds{10}) {
    const Deadline deadline = Deadline::after(limit);
    while (!condition()) {
      if (deadline.passed()) return false;
      std::this_thread::yield();
    }
    return true;
  }
  /// Calls `what` once, when the message with that tag has arrived; the script answers nothing else.
  void when_arrived(std::uint64_t tag, std::function<void(Peer&, const Published&)> what) {
    fake_.script([tag, what](Peer& peer, const Published& message) {
      if (message.tag == tag) what(peer, message);
    });
  }
  /// The ten messages end in doubt and the connection was dropped, because the broker broke the protocol.
  void expect_dropped_in_doubt(std::size_t in_doubt) {
    ASSERT_TRUE(recorder_.await([](const Recorder::State& state) { return !state.downs.empty(); }));
    EXPECT_EQ(recorder_.state().count(broker::OutcomeKind::in_doubt), in_doubt);
    EXPECT_EQ(recorder_.state().downs.front().first, broker::DownCause::lost);
    EXPECT_NE(recorder_.state().downs.front().second.find("broke the protocol"), std::string::npos);
    EXPECT_TRUE(recorder_.await_up(2)) << "it must come back";
  }

  FakeBroker fake_;
  Recorder recorder_;
  std::unique_ptr<broker::rabbitmq::RabbitPublisher> publisher_;
};

}  // namespace waybill::testing
