// What is particular to RocketMQ, on a real broker: batches, delayed topics, TLS, groups, wrong ports, what doctor
// says.

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "broker/consumer.hpp"
#include "broker/publisher.hpp"
#include "core/url.hpp"
#include "core/uuid.hpp"
#include "publisher_recorder.hpp"
#include "rocketmq_topics.hpp"

namespace waybill::testing {
namespace {

using broker::OutcomeKind;
using State = Recorder::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class OnRocketMq : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(url_, "") << "WAYBILL_TEST_ROCKETMQ is not set: `make test` starts a private broker and sets it";
    topics_ = std::make_unique<RocketMqTopics>(variable("WAYBILL_TEST_ROCKETMQ_BROKER"));
  }
  void TearDown() override {
    if (publisher_) publisher_->stop(Deadline::after(seconds{1}));
    EXPECT_EQ(recorder_.state().doubled, 0) << "a message got two outcomes";
  }
  BrokerConfig config(const std::string& url) const {
    BrokerConfig config;
    config.name = "rocketmq";
    config.url = Secret(url);
    return config;
  }
  void open(const BrokerConfig& config) {
    auto opened = broker::open_publisher(config);
    ASSERT_TRUE(opened) << opened.error().message();
    publisher_ = std::move(*opened);
    publisher_->start(recorder_);
  }
  void connect() {
    open(config(url_));
    ASSERT_TRUE(recorder_.await_up());
  }
  std::string first_reason() {
    EXPECT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
    const State state = recorder_.state();
    return state.downs.empty() ? "" : state.downs.front().second;
  }
  std::unique_ptr<Consumer> consumer() {
    EXPECT_EQ(topics_->create_group(topic_), "");
    ConsumerOptions options;
    options.url = url_;
    options.queue = topic_;
    options.group = topic_;
    auto opened = open_consumer(options);
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }

  const std::string url_ = variable("WAYBILL_TEST_ROCKETMQ");
  const std::string topic_ = "rocketmq-" + make_uuid7();
  std::unique_ptr<RocketMqTopics> topics_;
  Recorder recorder_;
  std::unique_ptr<broker::Publisher> publisher_;
};

TEST_F(OnRocketMq, BatchesArriveMessageByMessageEachOnce) {
  ASSERT_EQ(topics_->create(topic_, "NORMAL", 4), "");
  connect();
  publisher_->publish(outgoings(1, 5000, topic_, ""));
  ASSERT_TRUE(recorder_.await_outcomes(5000));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 5000U);
  const auto reader = consumer();
  std::multiset<std::string> ids;
  while (ids.size() < 5000) {
    const auto delivery = reader->receive(seconds{20});
    ASSERT_TRUE(delivery && *delivery) << ids.size();
    ids.insert((*delivery)->message.id.str());
    EXPECT_EQ((*delivery)->message.payload, "payload");
    reader->ack(**delivery);
  }
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 5000U);
}

TEST_F(OnRocketMq, OfABatchThatIsTooLargeOnlyTheGuiltyIsRefused) {
  ASSERT_EQ(topics_->create(topic_, "NORMAL"), "");
  connect();
  std::vector<broker::Outgoing> messages;
  for (std::uint64_t tag = 1; tag <= 40; ++tag) {
    messages.push_back(outgoing(tag, topic_, "", std::string(tag == 20 ? (9U << 20) : 100U, 'x')));
  }
  publisher_->publish(std::move(messages));
  ASSERT_TRUE(recorder_.await_outcomes(40));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 39U);
  EXPECT_EQ(recorder_.outcome(20).kind, OutcomeKind::rejected);
  EXPECT_NE(recorder_.outcome(20).answer.find("MESSAGE_BODY_TOO_LARGE"), std::string::npos)
      << recorder_.outcome(20).answer;
}

TEST_F(OnRocketMq, ADelayedTopicDeliversAtTheTimeOfTheHeader) {
  ASSERT_EQ(topics_->create(topic_, "DELAY"), "");
  const auto reader = consumer();
  EXPECT_TRUE(reader->receive(milliseconds{500}));
  connect();
  auto late = outgoing(1, topic_, "");
  auto message = std::make_shared<Message>(*late.message);
  const auto at = std::chrono::system_clock::now() + seconds{4};
  message->headers["rocketmq-deliver-at"] =
      std::to_string(std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count());
  late.message = message;
  publisher_->publish({late, outgoing(2, topic_, "")});
  ASSERT_TRUE(recorder_.await_outcomes(2));
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::confirmed) << recorder_.outcome(1).answer;
  EXPECT_EQ(recorder_.outcome(2).kind, OutcomeKind::rejected) << "it has no time";
  const auto delivery = reader->receive(seconds{30});
  ASSERT_TRUE(delivery && *delivery);
  EXPECT_GE(std::chrono::system_clock::now() + milliseconds{1100}, at) << "RocketMQ counts in seconds";
  reader->ack(**delivery);
}

TEST_F(OnRocketMq, TlsChecksTheCertificateUnlessToldNotTo) {
  ASSERT_EQ(topics_->create(topic_, "NORMAL"), "");
  BrokerConfig secure = config(variable("WAYBILL_TEST_ROCKETMQ_SECURE") + "?routes=ignore");
  secure.ca_file = variable("WAYBILL_TEST_ROCKETMQ_CA");
  open(secure);
  ASSERT_TRUE(recorder_.await_up()) << first_reason();
  publisher_->publish(outgoings(1, 10, topic_, ""));
  ASSERT_TRUE(recorder_.await_outcomes(10));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 10U);
}

TEST_F(OnRocketMq, ACertificateOfNobodyWeKnowIsRefused) {
  open(config(variable("WAYBILL_TEST_ROCKETMQ_SECURE")));
  EXPECT_NE(first_reason().find("UNAVAILABLE"), std::string::npos);
  EXPECT_EQ(recorder_.state().ups, 0);
}

TEST_F(OnRocketMq, InsecureTakesAnyCertificate) {
  BrokerConfig secure = config(variable("WAYBILL_TEST_ROCKETMQ_SECURE"));
  secure.insecure = true;
  open(secure);
  EXPECT_TRUE(recorder_.await_up());
}

TEST_F(OnRocketMq, ACaFileThatIsMissingIsNamed) {
  BrokerConfig secure = config(variable("WAYBILL_TEST_ROCKETMQ_SECURE"));
  secure.ca_file = "/no/such/ca.pem";
  open(secure);
  EXPECT_NE(first_reason().find("'/no/such/ca.pem'"), std::string::npos);
}

TEST_F(OnRocketMq, AnotherServerAtThePortIsNamed) {
  const auto rabbit = parse_url(variable("WAYBILL_TEST_RABBITMQ"));
  ASSERT_TRUE(rabbit) << "`make test` sets it";
  open(config("rocketmq://127.0.0.1:" + std::to_string(rabbit->port)));
  EXPECT_NE(first_reason().find("looks like RabbitMQ, not like RocketMQ"), std::string::npos) << first_reason();
}

TEST_F(OnRocketMq, AGroupThatNobodyMadeIsNamed) {
  ASSERT_EQ(topics_->create(topic_, "NORMAL"), "");
  ConsumerOptions options;
  options.url = url_;
  options.queue = topic_;
  options.group = "nobody-made-it";
  const auto opened = open_consumer(options);
  ASSERT_TRUE(opened);
  const auto received = (*opened)->receive(seconds{10});
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code(), ErrorCode::not_found);
  EXPECT_NE(received.error().message().find("group 'nobody-made-it'"), std::string::npos) << received.error().message();
}

TEST_F(OnRocketMq, OptionsThatCantWorkAreRefused) {
  ConsumerOptions options;
  options.url = url_;
  options.queue = topic_;
  EXPECT_EQ(open_consumer(options).error().code(), ErrorCode::invalid_argument);
  options.group = "a.b";
  EXPECT_EQ(open_consumer(options).error().code(), ErrorCode::invalid_argument);
  options.group = std::string(121, 'g');
  EXPECT_EQ(open_consumer(options).error().code(), ErrorCode::invalid_argument);
  options.group = "group";
  options.url = variable("WAYBILL_TEST_ROCKETMQ_SECURE");
  options.ca_file = "/no/such/ca.pem";
  EXPECT_NE(open_consumer(options).error().message().find("'/no/such/ca.pem'"), std::string::npos);
}

TEST_F(OnRocketMq, DoctorJudgesTheTopics) {
  const auto name = [this](const char* kind) { return topic_ + "-" + kind; };
  for (const char* kind : {"NORMAL", "DELAY", "TRANSACTION"}) ASSERT_EQ(topics_->create(name(kind), kind), "");
  ASSERT_EQ(topics_->create(name("CLOSED"), "NORMAL", 1, 4), "");
  const auto findings =
      broker::examine_broker(config(url_), std::vector<broker::Destination>{{name("NORMAL"), "", true},
                                                                            {name("DELAY"), ""},
                                                                            {name("TRANSACTION"), ""},
                                                                            {name("CLOSED"), ""},
                                                                            {name("MISSING"), ""},
                                                                            {"{topic}", ""}});
  ASSERT_TRUE(findings) << findings.error().message();
  std::map<std::string, std::string> found;
  for (const Finding& finding : *findings) found[finding.code] += finding.text;
  EXPECT_NE(found["WB-D300"].find("reached"), std::string::npos);
  EXPECT_NE(found["WB-D303"].find(name("MISSING")), std::string::npos);
  EXPECT_NE(found["WB-D340"].find(name("CLOSED")), std::string::npos);
  EXPECT_NE(found["WB-D341"].find(name("TRANSACTION")), std::string::npos);
  EXPECT_NE(found["WB-D342"].find(name("DELAY")), std::string::npos);
  EXPECT_NE(found["WB-D343"].find(name("NORMAL")), std::string::npos);
  EXPECT_EQ(found.count("WB-D304"), 0U) << "loopback";
}

}  // namespace
}  // namespace waybill::testing
