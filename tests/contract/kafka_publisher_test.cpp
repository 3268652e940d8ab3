// What is particular to Kafka, on a real broker: batches, topics that come later, logins, wrong ports.

#include <gtest/gtest.h>

#include "broker/publisher.hpp"
#include "core/url.hpp"
#include "kafka_server.hpp"
#include "publisher_recorder.hpp"

namespace waybill::testing {
namespace {

using broker::OutcomeKind;
using State = Recorder::State;

class KafkaPublisherTest : public OnKafka {
 protected:
  void TearDown() override {
    if (publisher_) publisher_->stop(Deadline::after(std::chrono::seconds{1}));
    EXPECT_EQ(recorder_.state().doubled, 0) << "a message got two outcomes";
    OnKafka::TearDown();
  }
  void open(const std::string& url, const std::string& ca_file = {}) {
    BrokerConfig config;
    config.name = "kafka";
    config.url = Secret(url);
    config.ca_file = ca_file;
    auto opened = broker::open_publisher(config);
    ASSERT_TRUE(opened) << opened.error().message();
    publisher_ = std::move(*opened);
    publisher_->start(recorder_);
  }
  void publish(std::uint64_t first, std::uint64_t last) { publisher_->publish(outgoings(first, last, topic_, "")); }
  std::string first_reason() {
    EXPECT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
    const State state = recorder_.state();
    return state.downs.empty() ? "" : state.downs.front().second;
  }

  Recorder recorder_;
  std::unique_ptr<broker::Publisher> publisher_;
};

TEST_F(KafkaPublisherTest, OfABatchThatIsTooLargeOnlyTheGuiltyAreRefused) {
  ASSERT_EQ(topics_->create(topic_, 1, {{"max.message.bytes", "2000"}}), "");
  open(url_);
  ASSERT_TRUE(recorder_.await_up());
  std::vector<broker::Outgoing> messages;
  for (std::uint64_t tag = 1; tag <= 500; ++tag) {
    messages.push_back(outgoing(tag, topic_, "", std::string(tag % 100 == 0 ? 5000 : 200, 'x')));
  }
  publisher_->publish(std::move(messages));
  ASSERT_TRUE(recorder_.await_outcomes(500));
  const State state = recorder_.state();
  EXPECT_EQ(state.count(OutcomeKind::confirmed), 495U);
  for (const std::uint64_t tag : {100U, 200U, 300U, 400U, 500U}) {
    EXPECT_EQ(state.outcomes.at(tag).kind, OutcomeKind::rejected);
    EXPECT_NE(state.outcomes.at(tag).answer.find("MSG_SIZE_TOO_LARGE"), std::string::npos);
  }
}

TEST_F(KafkaPublisherTest, ATopicThatComesLaterIsFoundWithoutAPerson) {
  open(url_);
  ASSERT_TRUE(recorder_.await_up());
  publish(1, 1);
  ASSERT_TRUE(recorder_.await_outcomes(1));
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::route_fault);
  ASSERT_EQ(topics_->create(topic_), "");
  // The engine asks again every few seconds.
  const Deadline deadline = Deadline::after(std::chrono::seconds{30});
  std::uint64_t tag = 1;
  do {
    ++tag;
    publish(tag, tag);
    ASSERT_TRUE(recorder_.await_outcomes(tag));
  } while (recorder_.outcome(tag).kind == OutcomeKind::route_fault && !deadline.passed());
  EXPECT_EQ(recorder_.outcome(tag).kind, OutcomeKind::confirmed) << recorder_.outcome(tag).answer;
}

TEST_F(KafkaPublisherTest, ANameThatKafkaForbidsIsTheFaultOfItsMessageOnly) {
  ASSERT_EQ(topics_->create(topic_), "");
  open(url_);
  ASSERT_TRUE(recorder_.await_up());
  publisher_->publish({outgoing(1, topic_, ""), outgoing(2, "orders created", ""), outgoing(3, "..", ""),
                       outgoing(4, std::string(250, 'a'), ""), outgoing(5, topic_, "")});
  ASSERT_TRUE(recorder_.await_outcomes(5));
  for (const std::uint64_t tag : {2U, 3U, 4U})
    EXPECT_EQ(recorder_.outcome(tag).kind, OutcomeKind::undeliverable) << tag;
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::confirmed);
  EXPECT_EQ(recorder_.outcome(5).kind, OutcomeKind::confirmed);
}

TEST_F(KafkaPublisherTest, TlsAndPasswordLetIn) {
  ASSERT_EQ(topics_->create(topic_), "");
  open(environment("WAYBILL_TEST_KAFKA_SECURE"), environment("WAYBILL_TEST_KAFKA_CA"));
  ASSERT_TRUE(recorder_.await_up());
  publish(1, 100);
  ASSERT_TRUE(recorder_.await_outcomes(100));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 100U);
}

TEST_F(KafkaPublisherTest, AWrongPasswordIsNamedWithoutBeingShown) {
  open(url_with_wrong_password(), environment("WAYBILL_TEST_KAFKA_CA"));
  const std::string reason = first_reason();
  EXPECT_NE(reason.find("_AUTHENTICATION"), std::string::npos) << reason;
  EXPECT_EQ(reason.find("wr0ng"), std::string::npos);
  EXPECT_EQ(recorder_.state().ups, 0);
}

TEST_F(KafkaPublisherTest, AnUnknownAuthorityIsRefused) {
  open(environment("WAYBILL_TEST_KAFKA_SECURE"));
  const std::string reason = first_reason();
  EXPECT_NE(reason.find("certificate"), std::string::npos) << reason;
  EXPECT_EQ(recorder_.state().ups, 0);
}

TEST_F(KafkaPublisherTest, AServerOfAnotherProtocolIsNamed) {
  const auto rabbit = parse_url(environment("WAYBILL_TEST_RABBITMQ"));
  ASSERT_TRUE(rabbit);
  open("kafka://127.0.0.1:" + std::to_string(rabbit->port));
  const std::string reason = first_reason();
  EXPECT_NE(reason.find("looks like RabbitMQ, not like Kafka"), std::string::npos) << reason;
}

TEST_F(KafkaPublisherTest, AListenerThatSpeaksTlsIsNamedToAUrlThatDoesNot) {
  const auto secure = parse_url(environment("WAYBILL_TEST_KAFKA_SECURE"));
  ASSERT_TRUE(secure);
  open("kafka://127.0.0.1:" + std::to_string(secure->port));
  const std::string reason = first_reason();
  EXPECT_NE(reason.find("write the URL with kafkas://"), std::string::npos) << reason;
}

TEST_F(KafkaPublisherTest, DoctorFindsWhatTheTopicPromises) {
  ASSERT_EQ(topics_->create(topic_, 1, {{"cleanup.policy", "compact"}}), "");
  BrokerConfig config;
  config.name = "kafka";
  config.url = Secret(url_);
  const std::vector<broker::Destination> destinations{{topic_, ""}, {"missing-topic", ""}, {"{topic}", ""}};
  const auto findings = broker::examine_broker(config, destinations);
  ASSERT_TRUE(findings) << findings.error().message();
  std::map<std::string, std::string> texts;
  for (const auto& finding : *findings) texts[finding.code] += finding.text;
  EXPECT_NE(texts["WB-D303"].find("'missing-topic'"), std::string::npos);
  EXPECT_NE(texts["WB-D330"].find("1 replica"), std::string::npos);
  EXPECT_NE(texts["WB-D331"].find("min.insync.replicas = 1"), std::string::npos);
  EXPECT_NE(texts["WB-D335"].find("compacted"), std::string::npos);
  EXPECT_EQ(texts["WB-D303"].find("{topic}"), std::string::npos);
}

TEST_F(KafkaPublisherTest, DoctorTellsARefusedLoginFromASilentPort) {
  BrokerConfig config;
  config.name = "kafka";
  config.url = Secret(url_with_wrong_password());
  config.ca_file = environment("WAYBILL_TEST_KAFKA_CA");
  EXPECT_EQ(broker::examine_broker(config, {}).error().code(), ErrorCode::unauthorized);
  config.url = Secret("kafka://127.0.0.1:1");
  EXPECT_EQ(broker::examine_broker(config, {}).error().code(), ErrorCode::unreachable);
}

}  // namespace
}  // namespace waybill::testing
