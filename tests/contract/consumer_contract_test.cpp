// The contract of a consumer (include/waybill/consumer.h): every broker passes it unchanged.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "broker/consumer.hpp"
#include "publishing_rig.hpp"

namespace waybill::testing {
namespace {

class ConsumerContract : public ::testing::TestWithParam<MakeRig> {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(rig_.open(GetParam())); }
  void publish(std::uint64_t count) {
    rig_.publish(1, count);
    ASSERT_TRUE(rig_.recorder().await_outcomes(count));
  }
  std::unique_ptr<Consumer> open(std::uint16_t prefetch = 100) {
    ConsumerOptions options = rig_->consumer();
    options.prefetch = prefetch;
    auto opened = open_consumer(options);
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  static std::optional<Delivery> next(Consumer& consumer, std::chrono::milliseconds wait = std::chrono::seconds{10}) {
    auto received = consumer.receive(wait);
    EXPECT_TRUE(received) << received.error().message();
    return received ? *received : std::nullopt;
  }

  PublishingRig rig_;
};

TEST_P(ConsumerContract, AcknowledgedNeverComesAgain) {
  publish(300);
  auto consumer = open();
  for (int i = 1; i <= 300; ++i) {
    const auto delivery = next(*consumer);
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->message.id.str(), "message-" + std::to_string(i));
    EXPECT_FALSE(delivery->redelivered);
    consumer->ack(*delivery);
  }
  consumer.reset();
  EXPECT_FALSE(next(*open(), std::chrono::milliseconds{300}));
}

TEST_P(ConsumerContract, UnacknowledgedComesAgainMarkedAndInOrder) {
  publish(3);
  {
    auto consumer = open();
    for (int i = 0; i < 3; ++i) {
      const auto delivery = next(*consumer);
      ASSERT_TRUE(delivery);
      if (i == 0) consumer->ack(*delivery);
    }
  }
  auto consumer = open();
  std::vector<std::string> ids;
  for (int i = 2; i <= 3; ++i) {
    const auto delivery = next(*consumer, rig_->redelivers_within());
    ASSERT_TRUE(delivery);
    ids.push_back(delivery->message.id.str());
    EXPECT_EQ(delivery->redelivered, rig_->marks_redelivery());
    consumer->ack(*delivery);
  }
  if (!rig_->redelivers_in_order()) std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids, (std::vector<std::string>{"message-2", "message-3"}));
}

TEST_P(ConsumerContract, PrefetchBoundsWhatIsOutstanding) {
  publish(5);
  auto consumer = open(2);
  const auto first = next(*consumer);
  const auto second = next(*consumer);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(next(*consumer, std::chrono::milliseconds{300}));
  consumer->ack(*first);
  EXPECT_TRUE(next(*consumer));
}

TEST_P(ConsumerContract, RejectedComesAgainOrIsDropped) {
  publish(1);
  auto consumer = open(1);
  auto delivery = next(*consumer);
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->redelivered);
  consumer->reject(*delivery, true);
  delivery = next(*consumer, rig_->redelivers_within());
  ASSERT_TRUE(delivery);
  EXPECT_TRUE(delivery->redelivered);
  consumer->reject(*delivery, false);
  EXPECT_FALSE(next(*consumer, std::chrono::milliseconds{300}));
}

TEST_P(ConsumerContract, MissingQueueIsNamed) {
  ConsumerOptions options = rig_->consumer();
  options.queue = "no such queue";
  auto consumer = open_consumer(options);
  ASSERT_TRUE(consumer);
  const auto received = (*consumer)->receive(std::chrono::seconds{10});
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code(), ErrorCode::not_found);
  EXPECT_NE(received.error().message().find("no such queue"), std::string::npos);
}

TEST_P(ConsumerContract, StopWakesReceive) {
  auto consumer = open();
  std::thread stopper([&] { consumer->stop(); });
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(next(*consumer, std::chrono::seconds{30}));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{10});
  stopper.join();
  EXPECT_FALSE(next(*consumer, std::chrono::seconds{30}));
}

TEST_P(ConsumerContract, BadOptionsAreRefused) {
  ConsumerOptions options = rig_->consumer();
  options.prefetch = 0;
  EXPECT_EQ(open_consumer(options).error().code(), ErrorCode::invalid_argument);
  options.prefetch = 1;
  options.queue.clear();
  EXPECT_EQ(open_consumer(options).error().code(), ErrorCode::invalid_argument);
  options.queue = "q";
  options.url = "http://localhost";
  EXPECT_EQ(open_consumer(options).error().code(), ErrorCode::unsupported);
}

INSTANTIATE_TEST_SUITE_P(Memory, ConsumerContract, ::testing::Values(&make_memory_rig),
                         [](const auto&) { return "broker"; });
INSTANTIATE_TEST_SUITE_P(Kafka, ConsumerContract, ::testing::Values(&make_kafka_rig),
                         [](const auto&) { return "broker"; });
#ifdef WAYBILL_HAS_ROCKETMQ
INSTANTIATE_TEST_SUITE_P(RocketMQ, ConsumerContract, ::testing::Values(&make_rocketmq_rig),
                         [](const auto&) { return "broker"; });
#endif
INSTANTIATE_TEST_SUITE_P(RabbitMQ, ConsumerContract, ::testing::Values(&make_rabbitmq_rig),
                         [](const auto&) { return "broker"; });

TEST(RabbitConsumer, ComesBackAfterACutAndIgnoresAcksOfTheOldConnection) {
  PublishingRig rig;
  ASSERT_NO_FATAL_FAILURE(rig.open(&make_rabbitmq_rig));
  ConsumerOptions options = rig->consumer();
  options.url = rig->config().url.reveal();  // through the gate
  auto consumer = open_consumer(options);
  ASSERT_TRUE(consumer);
  rig.publish(1, 1);
  auto before = (*consumer)->receive(std::chrono::seconds{10});
  ASSERT_TRUE(before && *before);
  rig->cut();
  auto after = (*consumer)->receive(std::chrono::seconds{20});
  ASSERT_TRUE(after && *after);
  EXPECT_EQ((*after)->message.id, (*before)->message.id);
  EXPECT_TRUE((*after)->redelivered);
  (*consumer)->ack(**before);  // of a connection that is gone: nothing happens
  (*consumer)->ack(**after);
}

}  // namespace
}  // namespace waybill::testing
