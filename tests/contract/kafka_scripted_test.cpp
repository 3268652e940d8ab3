// Faults 21 and 22: a cluster of Kafka that says what the test wants. It is the one that librdkafka brings for this.

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// The other needs it before itself.
#include <librdkafka/rdkafka_mock.h>

#include <array>

#include "broker/publisher.hpp"
#include "publisher_recorder.hpp"

namespace waybill::testing {
namespace {

using broker::DownCause;
using broker::OutcomeKind;
using State = Recorder::State;

constexpr std::int16_t produce_request = 0;
constexpr int brokers = 3;
constexpr const char* topic = "orders";

class ScriptedKafka : public ::testing::Test {
 protected:
  ScriptedKafka() {
    std::array<char, 256> why{};
    host_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why.data(), why.size());
    cluster_ = rd_kafka_mock_cluster_new(host_, brokers);
    rd_kafka_mock_topic_create(cluster_, topic, 1, brokers);
    rd_kafka_mock_partition_set_leader(cluster_, topic, 0, 1);
  }
  ~ScriptedKafka() override {
    if (publisher_) publisher_->stop(Deadline::after(std::chrono::seconds{1}));
    EXPECT_EQ(recorder_.state().doubled, 0) << "a message got two outcomes";
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(host_);
  }
  void open(std::vector<Property> properties = {}) {
    BrokerConfig config;
    config.name = "scripted";
    config.url = Secret(std::string("kafka://") + rd_kafka_mock_cluster_bootstraps(cluster_));
    config.properties = std::move(properties);
    auto opened = broker::open_publisher(config);
    ASSERT_TRUE(opened) << opened.error().message();
    publisher_ = std::move(*opened);
    publisher_->start(recorder_);
    ASSERT_TRUE(recorder_.await_up());
  }
  void publish(std::uint64_t first, std::uint64_t last) { publisher_->publish(outgoings(first, last, topic, "")); }
  void set_all(bool up) {
    for (int id = 1; id <= brokers; ++id) {
      up ? rd_kafka_mock_broker_set_up(cluster_, id) : rd_kafka_mock_broker_set_down(cluster_, id);
    }
  }
  void expect_all_confirmed(std::size_t count) {
    ASSERT_TRUE(recorder_.await_outcomes(count));
    EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), count);
  }

  rd_kafka_t* host_;
  rd_kafka_mock_cluster_t* cluster_;
  Recorder recorder_;
  std::unique_ptr<broker::Publisher> publisher_;
};

TEST_F(ScriptedKafka, Case21AChangeOfTheLeaderIsNobodysFault) {
  open();
  for (int leader = 2; leader <= brokers; ++leader) {
    publish(static_cast<std::uint64_t>(leader) * 100, static_cast<std::uint64_t>(leader) * 100 + 99);
    rd_kafka_mock_partition_set_leader(cluster_, topic, 0, leader);
  }
  expect_all_confirmed(200);
  EXPECT_TRUE(recorder_.state().downs.empty());
}

TEST_F(ScriptedKafka, Case21TooFewReplicasInSyncIsWaitedFor) {
  open();
  rd_kafka_mock_push_request_errors(
      cluster_, produce_request, 4, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
  publish(1, 50);
  expect_all_confirmed(50);
  EXPECT_TRUE(recorder_.state().downs.empty());
}

TEST_F(ScriptedKafka, Case21AProducerThatLostItsStateIsReplacedAndNothingIsLost) {
  open();
  publish(1, 1);
  expect_all_confirmed(1);
  rd_kafka_mock_push_request_errors(cluster_, produce_request, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  publish(2, 20);
  ASSERT_TRUE(recorder_.await_outcomes(20));
  ASSERT_TRUE(recorder_.await_up(2));
  const State state = recorder_.state();
  EXPECT_EQ(state.downs.size(), 1U);
  EXPECT_EQ(state.downs.front().first, DownCause::lost);
  EXPECT_EQ(state.count(OutcomeKind::rejected) + state.count(OutcomeKind::route_fault), 0U);
  EXPECT_GE(state.count(OutcomeKind::in_doubt), 1U);
  publish(21, 40);
  ASSERT_TRUE(recorder_.await_outcomes(40));
  for (std::uint64_t tag = 21; tag <= 40; ++tag) EXPECT_EQ(recorder_.outcome(tag).kind, OutcomeKind::confirmed) << tag;
}

TEST_F(ScriptedKafka, WithoutAnyBrokerItIsBlockedWithTheReasonAndThenGoesOn) {
  open();
  publish(1, 1);
  expect_all_confirmed(1);
  set_all(false);
  publish(2, 100);
  ASSERT_TRUE(recorder_.await([](const State& state) { return state.blocked; }));
  EXPECT_EQ(recorder_.state().outcomes.size(), 1U) << "nothing is given up, nothing in doubt";
  set_all(true);
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.blocked; }));
  expect_all_confirmed(100);
  EXPECT_TRUE(recorder_.state().downs.empty());
}

TEST_F(ScriptedKafka, AFullLocalQueueHoldsBackAndLosesNothing) {
  open({{"queue.buffering.max.messages", Secret("10")}});
  rd_kafka_mock_broker_set_rtt(cluster_, 1, 300);
  publish(1, 200);
  ASSERT_TRUE(recorder_.await([](const State& state) { return state.blocked; }));
  rd_kafka_mock_broker_set_rtt(cluster_, 1, 0);
  expect_all_confirmed(200);
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.blocked; }));
}

TEST_F(ScriptedKafka, StoppingWhileTheBrokerIsSilentLeavesInDoubtWhatLeftAndUnsentWhatDidNot) {
  open();
  publish(1, 1);
  expect_all_confirmed(1);
  rd_kafka_mock_broker_set_rtt(cluster_, 1, 60'000);
  publish(2, 3000);
  publisher_->stop(Deadline::after(std::chrono::seconds{5}));
  const State state = recorder_.state();
  EXPECT_EQ(state.outcomes.size(), 3000U);
  EXPECT_EQ(state.count(OutcomeKind::in_doubt) + state.count(OutcomeKind::unsent), 2999U);
}

}  // namespace
}  // namespace waybill::testing
