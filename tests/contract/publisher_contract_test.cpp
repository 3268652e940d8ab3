// The contract of a publisher (src/broker/publisher.hpp): every broker passes it unchanged.

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "broker/consumer.hpp"
#include "publisher_recorder.hpp"
#include "publisher_rig.hpp"

namespace waybill::testing {
namespace {

using broker::Destination;
using broker::DownCause;
using broker::OutcomeKind;
using State = Recorder::State;

class PublisherContract : public ::testing::TestWithParam<MakeRig> {
 protected:
  void SetUp() override {
    rig_ = GetParam()();
    ASSERT_EQ(rig_->fault(), "");
    auto opened = broker::open_publisher(rig_->config());
    ASSERT_TRUE(opened) << opened.error().message();
    publisher_ = std::move(*opened);
  }
  void TearDown() override {
    if (publisher_) publisher_->stop(Deadline::after(std::chrono::seconds{1}));
    EXPECT_EQ(recorder_.state().doubled, 0) << "a message got two outcomes";
  }
  void start() {
    publisher_->start(recorder_);
    ASSERT_TRUE(recorder_.await_up());
  }
  void publish(std::uint64_t first, std::uint64_t last, const Destination& to) {
    publisher_->publish(outgoings(first, last, to.exchange, to.routing_key));
  }
  /// Publishes one message after the other, with the tags that follow `tag`, until one is confirmed. To wait for one
  /// more on_up() would not do: a publisher need not notice a cut between two of its calls.
  void await_confirmed_again(std::uint64_t& tag) {
    const Deadline deadline = Deadline::after(std::chrono::seconds{30});
    do {
      ASSERT_FALSE(deadline.passed()) << recorder_.outcome(tag).answer;
      ASSERT_TRUE(recorder_.await_up());
      ++tag;
      publish(tag, tag, rig_->good());
      ASSERT_TRUE(recorder_.await_outcomes(tag));
    } while (recorder_.outcome(tag).kind != OutcomeKind::confirmed);
  }
  /// The next `count` messages of the good queue, or all when no more come.
  std::vector<Delivery> consume(std::size_t count) {
    auto consumer = open_consumer(rig_->consumer());
    std::vector<Delivery> all;
    const Deadline deadline = Deadline::after(std::chrono::seconds{30});
    while (all.size() < count && !deadline.passed()) {
      auto delivery = (*consumer)->receive(all.empty() ? std::chrono::seconds{10} : rig_->lull());
      if (!delivery || !*delivery) break;
      (*consumer)->ack(**delivery);
      all.push_back(std::move(**delivery));
    }
    return all;
  }

  std::unique_ptr<PublisherRig> rig_;
  Recorder recorder_;
  std::unique_ptr<broker::Publisher> publisher_;
};

/// Of brokers that tell a message that no queue takes from an exchange that is missing.
class ReturningPublisherContract : public PublisherContract {};

TEST_P(PublisherContract, ConfirmsAWindowOfAThousandAndKeepsTheirOrder) {
  start();
  publish(1, 1000, rig_->good());
  ASSERT_TRUE(recorder_.await_outcomes(1000));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 1000U);
  const auto all = consume(1000);
  ASSERT_EQ(all.size(), 1000U);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].message.id.str(), "message-" + std::to_string(i + 1));
}

TEST_P(PublisherContract, CarriesTheMessageUnchanged) {
  start();
  auto message = std::make_shared<Message>();
  message->id = MessageId("0193a5b0-0000-7000-8000-000000000001");
  message->topic = Topic("orders.created");
  message->key = Key("k\xC3\xBC");
  message->payload = std::string("\0\xFF\xC3(\n\0 odd", 10);
  message->headers = {{"traceparent", "00-1-2-01"}, {"empty", ""}};
  message->content_type = "application/octet-stream";
  const Destination to = rig_->good();
  publisher_->publish({{broker::Tag{1}, message, to.exchange, to.routing_key, 7, {}}});
  ASSERT_TRUE(recorder_.await_outcomes(1));
  const auto all = consume(1);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].message.id, message->id);
  EXPECT_EQ(all[0].message.topic, message->topic);
  EXPECT_EQ(all[0].message.key, message->key);
  EXPECT_EQ(all[0].message.payload, message->payload);
  EXPECT_EQ(all[0].message.headers, message->headers);
  EXPECT_EQ(all[0].message.content_type, message->content_type);
  EXPECT_EQ(all[0].attempt, 7U);
}

TEST_P(PublisherContract, CarriesEmptyAndLargePayloads) {
  start();
  const Destination to = rig_->good();
  const std::string large(5U << 20, 'L');
  publisher_->publish({outgoing(1, to.exchange, to.routing_key, ""), outgoing(2, to.exchange, to.routing_key, large),
                       outgoing(3, to.exchange, to.routing_key, "small")});
  ASSERT_TRUE(recorder_.await_outcomes(3));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 3U);
  const auto all = consume(3);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].message.payload, "");
  EXPECT_TRUE(all[1].message.payload == large);
  EXPECT_EQ(all[2].message.payload, "small");
}

TEST_P(PublisherContract, RejectedIsNeitherConfirmedNorLost) {
  start();
  publish(1, 10, rig_->rejecting());
  publish(11, 20, rig_->good());
  ASSERT_TRUE(recorder_.await_outcomes(20));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::rejected), 10U);
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 10U);
}

TEST_P(ReturningPublisherContract, UnroutableIsNeverConfirmed) {
  start();
  publish(1, 100, rig_->unroutable());
  ASSERT_TRUE(recorder_.await_outcomes(100));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::unroutable), 100U);
  EXPECT_EQ(recorder_.outcome(50).answer, "312 NO_ROUTE");
}

TEST_P(PublisherContract, Case15QueueDeletedBetweenTwoPublishesIsNeverConfirmed) {
  start();
  publish(1, 1, rig_->good());
  ASSERT_TRUE(recorder_.await_outcomes(1));
  rig_->remove_queue();
  publish(2, 2, rig_->good());
  ASSERT_TRUE(recorder_.await_outcomes(2));
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::confirmed);
  EXPECT_EQ(recorder_.outcome(2).kind, rig_->without_queue()) << recorder_.outcome(2).answer;
}

TEST_P(PublisherContract, Case16MissingExchangeIsAFaultOfTheRouteAnd999OthersPass) {
  start();
  publish(1, 500, rig_->good());
  publish(501, 501, rig_->missing());
  publish(502, 1000, rig_->good());
  ASSERT_TRUE(recorder_.await_outcomes(1000));
  const State state = recorder_.state();
  EXPECT_EQ(state.count(OutcomeKind::confirmed), 999U);
  EXPECT_EQ(state.outcomes.at(501).kind, OutcomeKind::route_fault);
  EXPECT_NE(state.outcomes.at(501).answer.find(rig_->missing_words()), std::string::npos);
  EXPECT_TRUE(state.downs.empty());
}

TEST_P(PublisherContract, WithoutAConnectionNothingIsSent) {
  rig_->reachable(false);
  publisher_->start(recorder_);
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs.front().first, DownCause::unreachable);
  publish(1, 10, rig_->good());
  ASSERT_TRUE(recorder_.await_outcomes(10));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::unsent), 10U);
  rig_->reachable(true);
  ASSERT_TRUE(recorder_.await_up());
  publish(11, 20, rig_->good());
  ASSERT_TRUE(recorder_.await_outcomes(20));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 10U);
}

TEST_P(PublisherContract, ALostConfirmIsInDoubtOrComesAfterAllAndTheConnectionComesBack) {
  start();
  publish(1, 1, rig_->good());
  ASSERT_TRUE(recorder_.await_outcomes(1));
  rig_->hold_confirms(true);
  publish(2, 100, rig_->good());
  // The queue has them, the publisher can't know.
  const auto before = consume(1 + rig_->arrives_unanswered(99));
  ASSERT_GE(before.size(), 1 + rig_->arrives_unanswered(99));
  EXPECT_EQ(recorder_.state().outcomes.size(), 1U);
  rig_->cut();
  if (rig_->rides_over_cuts()) rig_->hold_confirms(false);
  ASSERT_TRUE(recorder_.await_outcomes(100));
  const auto expected = rig_->rides_over_cuts() ? OutcomeKind::confirmed : OutcomeKind::in_doubt;
  std::size_t unsent = 0;
  for (std::uint64_t tag = 2; tag <= 100; ++tag) {
    // What the publisher had not sent yet it may say so of.
    const OutcomeKind kind = recorder_.outcome(tag).kind;
    if (kind == OutcomeKind::unsent && tag > before.size()) {
      ++unsent;
    } else {
      EXPECT_EQ(kind, expected) << tag;
    }
  }
  rig_->hold_confirms(false);
  // With calls under way nobody fails to notice.
  ASSERT_TRUE(rig_->rides_over_cuts() || recorder_.await_up(2));
  publish(101, 110, rig_->good());
  ASSERT_TRUE(recorder_.await_outcomes(110));
  for (std::uint64_t tag = 101; tag <= 110; ++tag)
    EXPECT_EQ(recorder_.outcome(tag).kind, OutcomeKind::confirmed) << tag;
  EXPECT_EQ(before.size() + consume(200).size(), 110U - unsent) << "each is there once";
}

TEST_P(PublisherContract, CutAtAnyMomentEveryMessageHasOneOutcomeAndNoConfirmedOneIsMissing) {
  start();
  std::uint64_t tag = 0;
  for (int round = 0; round < 8; ++round) {
    for (int burst = 0; burst < 10; ++burst, tag += 50) publish(tag + 1, tag + 50, rig_->good());
    ASSERT_TRUE(recorder_.await_outcomes(tag - 499));
    rig_->cut();
    ASSERT_TRUE(recorder_.await_outcomes(tag));
    ASSERT_NO_FATAL_FAILURE(await_confirmed_again(tag));
  }
  const State state = recorder_.state();
  EXPECT_EQ(state.outcomes.size(), tag);
  const auto confirmed = state.count(OutcomeKind::confirmed);
  EXPECT_EQ(confirmed + state.count(OutcomeKind::in_doubt) + state.count(OutcomeKind::unsent), tag);
  std::multiset<std::string> arrived;
  for (const auto& delivery : consume(std::numeric_limits<std::size_t>::max())) {
    arrived.insert(delivery.message.id.str());
  }
  for (const auto& [number, outcome] : state.outcomes) {
    if (outcome.kind != OutcomeKind::confirmed) continue;
    EXPECT_EQ(arrived.count("message-" + std::to_string(number)), 1U) << number << " was confirmed and is lost";
  }
}

TEST_P(PublisherContract, StopGivesEveryMessageItsOutcome) {
  start();
  rig_->hold_confirms(true);
  publish(1, 20, rig_->good());
  publisher_->stop(Deadline::after(std::chrono::seconds{2}));
  const State state = recorder_.state();
  EXPECT_EQ(state.outcomes.size(), 20U);
  EXPECT_EQ(state.count(OutcomeKind::confirmed), 0U);
}

INSTANTIATE_TEST_SUITE_P(Memory, ReturningPublisherContract, ::testing::Values(&make_memory_rig),
                         [](const auto&) { return "broker"; });
INSTANTIATE_TEST_SUITE_P(RabbitMQ, ReturningPublisherContract, ::testing::Values(&make_rabbitmq_rig),
                         [](const auto&) { return "broker"; });
INSTANTIATE_TEST_SUITE_P(Kafka, PublisherContract, ::testing::Values(&make_kafka_rig),
                         [](const auto&) { return "broker"; });
#ifdef WAYBILL_HAS_ROCKETMQ
INSTANTIATE_TEST_SUITE_P(RocketMQ, PublisherContract, ::testing::Values(&make_rocketmq_rig),
                         [](const auto&) { return "broker"; });
#endif
INSTANTIATE_TEST_SUITE_P(Memory, PublisherContract, ::testing::Values(&make_memory_rig),
                         [](const auto&) { return "broker"; });
INSTANTIATE_TEST_SUITE_P(RabbitMQ, PublisherContract, ::testing::Values(&make_rabbitmq_rig),
                         [](const auto&) { return "broker"; });

}  // namespace
}  // namespace waybill::testing
