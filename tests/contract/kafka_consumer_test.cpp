// What is particular to consuming from Kafka: offsets, groups that change, records of other programs.

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <map>
#include <set>

#include "broker/consumer.hpp"
#include "kafka_server.hpp"
#include "publishing_rig.hpp"

namespace waybill::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class KafkaConsumerTest : public OnKafka {
 protected:
  void publish(std::uint64_t count) {
    BrokerConfig config;
    config.name = "kafka";
    config.url = Secret(url_);
    auto publisher = broker::open_publisher(config);
    ASSERT_TRUE(publisher);
    Recorder recorder;
    (*publisher)->start(recorder);
    std::vector<broker::Outgoing> messages;
    for (std::uint64_t tag = 1; tag <= count; ++tag) {
      auto message = std::make_shared<Message>();
      message->id = MessageId("message-" + std::to_string(tag));
      message->topic = Topic("orders");
      message->key = Key(std::to_string(tag % 20));
      messages.push_back({broker::Tag{tag}, std::move(message), topic_, "", 1, {}});
    }
    ASSERT_TRUE(recorder.await_up());
    (*publisher)->publish(std::move(messages));
    ASSERT_TRUE(recorder.await_outcomes(count));
    (*publisher)->stop(Deadline::after(seconds{1}));
  }
  std::unique_ptr<Consumer> open(const std::vector<std::pair<std::string, std::string>>& properties = {}) {
    ConsumerOptions options;
    options.url = url_;
    options.queue = topic_;
    options.group = topic_;
    options.properties = properties;
    auto opened = open_consumer(options);
    EXPECT_TRUE(opened) << opened.error().message();
    return std::move(*opened);
  }
  static std::optional<Delivery> next(Consumer& consumer, milliseconds wait = seconds{20}) {
    auto received = consumer.receive(wait);
    EXPECT_TRUE(received) << received.error().message();
    return received ? *received : std::nullopt;
  }
};

TEST_F(KafkaConsumerTest, WhatIsDoneBehindAnOpenDeliveryComesAgainWithIt) {
  ASSERT_EQ(topics_->create(topic_), "");
  publish(3);
  {
    auto consumer = open();
    const auto first = next(*consumer);
    for (int i = 2; i <= 3; ++i) {
      const auto later = next(*consumer);
      ASSERT_TRUE(first && later);
      consumer->ack(*later);
    }
  }
  auto consumer = open();
  for (int i = 1; i <= 3; ++i) {
    const auto delivery = next(*consumer);
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->message.id.str(), "message-" + std::to_string(i));
  }
}

TEST_F(KafkaConsumerTest, Case32AGroupThatChangesInMidBatchLosesNothing) {
  constexpr std::size_t count = 400;
  ASSERT_EQ(topics_->create(topic_, 4), "");
  publish(count);
  std::multiset<std::string> done;
  auto first = open();
  std::vector<Delivery> held;
  for (int i = 0; i < 60; ++i) held.push_back(*next(*first));
  for (int i = 0; i < 30; ++i) {
    done.insert(held[static_cast<std::size_t>(i)].message.id.str());
    first->ack(held[static_cast<std::size_t>(i)]);
  }
  auto second = open();
  bool acked_late = false;
  const Deadline deadline = Deadline::after(seconds{60});
  std::map<Consumer*, std::size_t> shares;
  while (std::set<std::string>(done.begin(), done.end()).size() < count && !deadline.passed()) {
    for (Consumer* each : {first.get(), second.get()}) {
      const auto delivery = next(*each, milliseconds{50});
      if (!delivery) continue;
      ++shares[each];
      done.insert(delivery->message.id.str());
      each->ack(*delivery);
    }
    // Of partitions that went away meanwhile: these say nothing any more, and must not move what is committed.
    if (!std::exchange(acked_late, shares[second.get()] > 0) && shares[second.get()] > 0) {
      for (std::size_t i = 30; i < held.size(); ++i) first->ack(held[i]);
    }
  }
  EXPECT_EQ(std::set<std::string>(done.begin(), done.end()).size(), count) << "a message was lost";
  EXPECT_GT(shares[first.get()], 0U);
  EXPECT_GT(shares[second.get()], 0U);
}

TEST_F(KafkaConsumerTest, RecordsOfOtherProgramsAreReadAsTheyAre) {
  ASSERT_EQ(topics_->create(topic_), "");
  std::array<char, 256> why{};
  rd_kafka_conf_t* settings = rd_kafka_conf_new();
  rd_kafka_conf_set(settings, "bootstrap.servers", servers_.c_str(), why.data(), why.size());
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, settings, why.data(), why.size());
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client, topic_.c_str(), nullptr);
  std::string key("\xFF\0key", 5);
  rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, nullptr, 0, nullptr, 0, nullptr);
  rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, key.data(), key.size(), key.data(), key.size(), nullptr);
  ASSERT_EQ(rd_kafka_flush(client, 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(client);

  auto consumer = open();
  const auto empty = next(*consumer);
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->message.id.empty());
  EXPECT_FALSE(empty->message.key);
  EXPECT_EQ(empty->message.payload, "");
  EXPECT_EQ(empty->message.topic.str(), topic_);
  EXPECT_EQ(empty->attempt, 1U);
  EXPECT_GT(empty->persisted_at_ms, 0) << "the record's own time";
  const auto bytes = next(*consumer);
  ASSERT_TRUE(bytes && bytes->message.key);
  EXPECT_EQ(bytes->message.key->str(), key);
  EXPECT_EQ(bytes->message.payload, key);
}

TEST_F(KafkaConsumerTest, AWrongPasswordIsUnauthorized) {
  ConsumerOptions options;
  options.url = url_with_wrong_password();
  options.ca_file = environment("WAYBILL_TEST_KAFKA_CA");
  options.queue = topic_;
  options.group = "any";
  auto consumer = open_consumer(options);
  ASSERT_TRUE(consumer);
  const auto received = (*consumer)->receive(seconds{20});
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code(), ErrorCode::unauthorized);
  EXPECT_EQ(received.error().message().find("wr0ng"), std::string::npos);
}

TEST_F(KafkaConsumerTest, OptionsThatCantWorkAreRefused) {
  ConsumerOptions options;
  options.url = url_;
  options.queue = topic_;
  EXPECT_NE(open_consumer(options).error().message().find("needs a group"), std::string::npos);
  options.group = "any";
  options.properties = {{"enable.auto.commit", "true"}};
  EXPECT_NE(open_consumer(options).error().message().find("'enable.auto.commit' is refused"), std::string::npos);
  options.properties = {{"partition.assignment.strategy", "cooperative-sticky"}};
  EXPECT_NE(open_consumer(options).error().message().find("gives all its partitions back"), std::string::npos);
}

/// A consumer whose way to the broker is a gate.
class GatedKafkaConsumer : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(rig_.open(&make_kafka_rig));
    ConsumerOptions options = rig_->consumer();
    options.url = rig_->config().url.reveal();
    auto consumer = open_consumer(options);
    ASSERT_TRUE(consumer);
    consumer_ = std::move(*consumer);
  }
  std::optional<Delivery> publish_and_receive(std::uint64_t tag) {
    rig_.publish(tag, tag);
    auto received = consumer_->receive(seconds{30});
    EXPECT_TRUE(received) << received.error().message();
    return received ? *received : std::nullopt;
  }
  std::chrono::steady_clock::duration time_to_end() {
    const auto began = std::chrono::steady_clock::now();
    consumer_.reset();
    return std::chrono::steady_clock::now() - began;
  }

  static constexpr auto promised_end = seconds{5};
  PublishingRig rig_;
  std::unique_ptr<Consumer> consumer_;
};

TEST_F(GatedKafkaConsumer, GoesOnAfterACutWhereItWas) {
  for (std::uint64_t tag = 1; tag <= 3; ++tag) {
    const auto delivery = publish_and_receive(tag);
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->message.id.str(), "message-" + std::to_string(tag));
    rig_->cut();
    consumer_->ack(*delivery);
  }
}

TEST_F(GatedKafkaConsumer, EndsSoonWhenTheBrokerIsAway) {
  const auto delivery = publish_and_receive(1);
  ASSERT_TRUE(delivery);
  consumer_->ack(*delivery);
  rig_->reachable(false);
  EXPECT_LT(time_to_end(), promised_end);
  rig_->reachable(true);
}

// The library keeps a commit that has no coordinator for the session timeout, and is not gone before.
TEST_F(GatedKafkaConsumer, EndsSoonWhenTheBrokerHasBeenAway) {
  const auto delivery = publish_and_receive(1);
  ASSERT_TRUE(delivery);
  rig_->reachable(false);
  EXPECT_FALSE(consumer_->receive(seconds{3}).value());
  consumer_->ack(*delivery);
  EXPECT_LT(time_to_end(), promised_end);
  rig_->reachable(true);
}

}  // namespace
}  // namespace waybill::testing
