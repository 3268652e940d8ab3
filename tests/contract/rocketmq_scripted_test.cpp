// What RocketMQ can answer but rarely does, from a proxy whose answers the test decides.

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "broker/rocketmq/consumer.hpp"
#include "broker/rocketmq/publisher.hpp"
#include "core/text.hpp"
#include "fake_rocketmq/fake_proxy.hpp"
#include "publisher_recorder.hpp"

namespace waybill::testing {
namespace {

using broker::OutcomeKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

class ScriptedRocketMq : public ::testing::Test {
 protected:
  void TearDown() override {
    if (publisher_) publisher_->stop(Deadline::after(seconds{1}));
    EXPECT_EQ(recorder_.state().doubled, 0) << "a message got two outcomes";
  }
  void open(const std::string& url) {
    BrokerConfig config;
    config.name = "b";
    config.url = Secret(url);
    auto opened = broker::rocketmq::RocketMqPublisher::open(config);
    ASSERT_TRUE(opened) << opened.error().message();
    publisher_ = std::move(*opened);
    publisher_->start(recorder_);
  }
  void connect(const std::string& url) {
    open(url);
    ASSERT_TRUE(recorder_.await_up());
  }
  void publish(std::uint64_t first, std::uint64_t last, bool with_key = false) {
    auto messages = outgoings(first, last, "orders", "");
    if (!with_key) {
      for (auto& each : messages) {
        auto message = std::make_shared<Message>(*each.message);
        message->key.reset();
        each.message = std::move(message);
      }
    }
    publisher_->publish(std::move(messages));
  }
  static std::vector<std::string> ids(const std::vector<v2::SendMessageRequest>& requests) {
    std::vector<std::string> all;
    for (const auto& request : requests) {
      for (const auto& message : request.messages()) all.push_back(message.system_properties().message_id());
    }
    return all;
  }

  FakeProxy proxy_;
  Recorder recorder_;
  std::unique_ptr<broker::Publisher> publisher_;
};

struct Case {
  v2::Code code;
  const char* status;
};
class Case23 : public ScriptedRocketMq, public ::testing::WithParamInterface<Case> {};

TEST_P(Case23, WhatIsStoredButNotAnsweredForIsInDoubtAndOneAloneTriesAgain) {
  std::atomic<bool> well = false;
  proxy_.on_send([&](const v2::SendMessageRequest&) {
    return well ? send_answer(v2::OK) : send_answer(GetParam().code, GetParam().status);
  });
  connect(proxy_.url());
  publish(1, 40);
  ASSERT_TRUE(recorder_.await([](const auto& state) { return state.blocked; }));
  EXPECT_TRUE(recorder_.state().outcomes.empty()) << "nothing is decided yet";
  EXPECT_FALSE(recorder_.await([](const auto& state) { return !state.outcomes.empty(); }, seconds{2}));
  const auto sent = ids(proxy_.sent());
  EXPECT_LE(sent.size(), 40U + 8U) << "a broker that stores what it does not answer for got them again and again";
  EXPECT_GT(sent.size(), 40U) << "nobody tried again";
  const auto last = proxy_.sent().back();
  ASSERT_EQ(last.messages_size(), 1);
  EXPECT_EQ(last.messages(0).user_properties().at("waybill-attempt"), std::to_string(1 + sent.size() - 40))
      << "a consumer is to see that it may be another one";
  well = true;
  ASSERT_TRUE(recorder_.await_outcomes(40));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 40U);
  EXPECT_EQ(ids(proxy_.sent()).size(), sent.size() + 40) << "each once more, when the broker answers for it";
  EXPECT_TRUE(recorder_.await([](const auto& state) { return !state.blocked; }));
  EXPECT_TRUE(recorder_.state().downs.empty()) << "the proxy answers";
}

INSTANTIATE_TEST_SUITE_P(RocketMQ, Case23,
                         ::testing::Values(Case{v2::MASTER_PERSISTENCE_TIMEOUT, "sendStatus=FLUSH_DISK_TIMEOUT"},
                                           Case{v2::SLAVE_PERSISTENCE_TIMEOUT, "sendStatus=FLUSH_SLAVE_TIMEOUT"},
                                           Case{v2::HA_NOT_AVAILABLE, "sendStatus=SLAVE_NOT_AVAILABLE"}),
                         [](const auto& tested) { return std::string(tested.param.status).substr(11); });

TEST_F(ScriptedRocketMq, ABrokerBehindAnotherProxyThanTheUrlsIsSaidToTakeNothing) {
  FakeProxy other;
  proxy_.on_route([&](const auto&) { return route_answer({other.address()}); });
  other.on_send(
      [](const auto&) { return send_answer(v2::MASTER_PERSISTENCE_TIMEOUT, "sendStatus=FLUSH_DISK_TIMEOUT"); });
  connect(proxy_.url());
  publish(1, 10);
  EXPECT_TRUE(recorder_.await([](const auto& state) { return state.blocked; }));
  other.on_send([](const auto&) { return send_answer(v2::OK); });
  EXPECT_TRUE(recorder_.await([](const auto& state) { return !state.blocked && state.outcomes.size() == 10; }));
}

TEST_F(ScriptedRocketMq, ABusyBrokerIsNotInDoubtAndGetsThemLater) {
  std::atomic<int> refusals = 3;
  proxy_.on_send([&](const v2::SendMessageRequest&) {
    return send_answer(refusals-- > 0 ? v2::TOO_MANY_REQUESTS : v2::OK, "system busy");
  });
  connect(proxy_.url());
  publish(1, 40);
  ASSERT_TRUE(recorder_.await_outcomes(40));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 40U);
}

TEST_F(ScriptedRocketMq, ABatchRefusedForOneMessageIsSentMessageByMessage) {
  proxy_.on_send([](const v2::SendMessageRequest& request) {
    for (const auto& message : request.messages()) {
      if (message.system_properties().message_id() == "message-7") return send_answer(v2::ILLEGAL_MESSAGE_KEY, "no");
    }
    return send_answer(v2::OK);
  });
  connect(proxy_.url());
  publish(1, 20);
  ASSERT_TRUE(recorder_.await_outcomes(20));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 19U);
  EXPECT_EQ(recorder_.outcome(7).kind, OutcomeKind::rejected);
  EXPECT_EQ(recorder_.outcome(7).answer, "ILLEGAL_MESSAGE_KEY: no");
}

TEST_F(ScriptedRocketMq, OfAMessageGroupOneAtATimeIsUnderWay) {
  std::mutex mutex;
  std::condition_variable another;
  int at_once = 0, most = 0;
  proxy_.on_route([&](const auto&) { return route_answer({proxy_.address()}, v2::FIFO); });
  proxy_.on_send([&](const v2::SendMessageRequest& request) {
    std::unique_lock lock(mutex);
    most = std::max(most, ++at_once);
    another.wait_for(lock, milliseconds{2}, [&] { return at_once > 1; });
    --at_once;
    return request.messages_size() == 1 ? send_answer(v2::OK) : send_answer(v2::BAD_REQUEST);
  });
  connect(proxy_.url());
  publish(1, 50, true);
  ASSERT_TRUE(recorder_.await_outcomes(50));
  EXPECT_EQ(most, 1);
  const auto sent = ids(proxy_.sent());
  ASSERT_EQ(sent.size(), 50U);
  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(sent[i], "message-" + std::to_string(i + 1));
  EXPECT_EQ(proxy_.sent()[0].messages(0).system_properties().message_group(), "one");
}

TEST_F(ScriptedRocketMq, ATopicOfAllKindsTakesThemSideBySide) {
  proxy_.on_route([&](const auto&) {
    auto answer = route_answer({proxy_.address()}, v2::NORMAL);
    answer.mutable_message_queues(0)->add_accept_message_types(v2::FIFO);
    return answer;
  });
  connect(proxy_.url());
  std::vector<broker::Outgoing> messages;
  for (std::uint64_t tag = 1; tag <= 100; ++tag) {
    auto each = outgoing(tag, "orders", "");
    auto message = std::make_shared<Message>(*each.message);
    message->key.reset();
    if (tag % 10 != 1) message->key = Key("key-" + std::to_string(tag));
    each.message = std::move(message);
    messages.push_back(std::move(each));
  }
  publisher_->publish(std::move(messages));
  ASSERT_TRUE(recorder_.await_outcomes(100));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 100U);
}

TEST_F(ScriptedRocketMq, WhenOneProxyFailsTheOthersGetWhatHasNoOrder) {
  FakeProxy other;
  proxy_.on_route([&](const auto&) { return route_answer({proxy_.address(), other.address()}); });
  connect(proxy_.url());
  std::uint64_t tag = 0;
  const auto publish_one = [&] {
    ++tag;
    publish(tag, tag);
    ASSERT_TRUE(recorder_.await_outcomes(tag));
  };
  while (other.sent().empty() && tag < 10'000) publish_one();
  ASSERT_FALSE(other.sent().empty());
  other.stop();
  for (int i = 0; i < 40; ++i) publish_one();
  const auto state = recorder_.state();
  EXPECT_EQ(state.count(OutcomeKind::confirmed) + state.count(OutcomeKind::in_doubt), tag);
  EXPECT_LE(state.count(OutcomeKind::in_doubt), 1U) << "the one by which it was found";
  EXPECT_TRUE(state.downs.empty()) << "one proxy is up";
  publish(tag + 1, tag + 40);
  ASSERT_TRUE(recorder_.await_outcomes(tag + 40));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(recorder_.outcome(++tag).kind, OutcomeKind::confirmed);
}

TEST_F(ScriptedRocketMq, WhatHasAnOrderWaitsForItsOwnProxyAndHoldsUpNobody) {
  FakeProxy other;
  proxy_.on_route([&](const v2::QueryRouteRequest& request) {
    return request.topic().name() == "orders" ? route_answer({other.address()}, v2::FIFO)
                                              : route_answer({proxy_.address()});
  });
  connect(proxy_.url());
  publish(1, 1, true);
  ASSERT_TRUE(recorder_.await_outcomes(1));
  other.stop();
  publish(2, 2, true);
  ASSERT_TRUE(recorder_.await([](const auto& state) { return state.outcomes.size() == 2; }, seconds{2}) ||
              recorder_.state().outcomes.size() == 1);
  publish(3, 5, true);
  publisher_->publish(outgoings(10, 19, "elsewhere", ""));
  ASSERT_TRUE(recorder_.await(
      [](const auto& state) { return state.outcomes.count(10) == 1 && state.outcomes.count(19) == 1; }));
  EXPECT_EQ(recorder_.state().outcomes.count(5), 0U);
  other.start();
  ASSERT_TRUE(recorder_.await([](const auto& state) { return state.outcomes.count(5) == 1; }));
  EXPECT_EQ(recorder_.outcome(5).kind, OutcomeKind::confirmed);
}

TEST_F(ScriptedRocketMq, ARouteThatMovedIsFollowed) {
  FakeProxy other;
  std::atomic<bool> moved = false;
  proxy_.on_route([&](const auto&) { return route_answer({moved ? other.address() : proxy_.address()}); });
  connect(proxy_.url());
  publish(1, 1);
  ASSERT_TRUE(recorder_.await_outcomes(1));
  moved = true;
  proxy_.on_send([](const auto&) { return send_answer(v2::TOPIC_NOT_FOUND, "it has moved"); });
  publish(2, 2);
  ASSERT_TRUE(recorder_.await_outcomes(2));
  EXPECT_EQ(recorder_.outcome(2).kind, OutcomeKind::route_fault) << "certainly not taken";
  publish(3, 3);
  ASSERT_TRUE(recorder_.await_outcomes(3));
  EXPECT_EQ(recorder_.outcome(3).kind, OutcomeKind::confirmed);
  EXPECT_EQ(ids(other.sent()), std::vector<std::string>{"message-3"});
}

TEST_F(ScriptedRocketMq, ASilentProxyIsLostAndWhatItHasIsInDoubt) {
  std::mutex mutex;
  std::condition_variable spoken;
  bool silent = true;
  connect(proxy_.url());
  proxy_.answer_heartbeats(false);
  proxy_.on_send([&](const auto&) {
    std::unique_lock lock(mutex);
    spoken.wait(lock, [&] { return !silent; });
    return send_answer(v2::OK);
  });
  publish(1, 10);
  ASSERT_TRUE(recorder_.await([](const auto& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::in_doubt), 10U) << "their outcomes come before";
  EXPECT_EQ(recorder_.state().downs[0].first, broker::DownCause::lost);
  {
    const std::lock_guard lock(mutex);
    silent = false;
    spoken.notify_all();
  }
  proxy_.answer_heartbeats(true);
  ASSERT_TRUE(recorder_.await_up(2));
  publish(11, 20);
  ASSERT_TRUE(recorder_.await_outcomes(20));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 10U);
}

TEST_F(ScriptedRocketMq, EveryCallIsSigned) {
  connect("rocketmq://access:secret@" + proxy_.address().text() + "/shop");
  publish(1, 1);
  ASSERT_TRUE(recorder_.await_outcomes(1));
  const auto metadata = proxy_.metadata();
  EXPECT_EQ(metadata.at("x-mq-namespace"), "shop");
  EXPECT_EQ(metadata.at("x-mq-language"), "CPP");
  const std::string& date = metadata.at("x-mq-date-time");
  const std::string& said = metadata.at("authorization");
  EXPECT_EQ(said.rfind("MQv2-HMAC-SHA1 Credential=access, SignedHeaders=x-mq-date-time, Signature=", 0), 0U) << said;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha1(), "secret", 6, reinterpret_cast<const unsigned char*>(date.data()), date.size(), digest, &size);
  std::string signature = to_hex({reinterpret_cast<const char*>(digest), size});
  for (char& c : signature) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(said.substr(said.find("Signature=") + 10), signature);
  EXPECT_EQ(proxy_.sent()[0].messages(0).topic().resource_namespace(), "shop");
}

TEST_F(ScriptedRocketMq, ARefusedLoginIsSaid) {
  proxy_.refuse_logins(true);
  open("rocketmq://access:wrong@" + proxy_.address().text());
  ASSERT_TRUE(recorder_.await([](const auto& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs[0].second, "UNAUTHORIZED: check signature failed");
  publish(1, 1);
  ASSERT_TRUE(recorder_.await_outcomes(1));
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::unsent);
  proxy_.refuse_logins(false);
  EXPECT_TRUE(recorder_.await_up());
}

TEST_F(ScriptedRocketMq, WhatTheWireCantCarryNeverLeaves) {
  connect(proxy_.url());
  publisher_->publish({outgoing(1, "orders.created", "")});
  auto odd = outgoing(2, "orders", "");
  auto message = std::make_shared<Message>(*odd.message);
  message->headers["note"] = "two\nlines";
  odd.message = message;
  publisher_->publish({odd});
  ASSERT_TRUE(recorder_.await_outcomes(2));
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::undeliverable);
  EXPECT_NE(recorder_.outcome(1).answer.find("can't be a topic of RocketMQ"), std::string::npos);
  EXPECT_EQ(recorder_.outcome(2).kind, OutcomeKind::undeliverable);
  EXPECT_TRUE(proxy_.sent().empty());
}

v2::Message message_with(const std::string& id) {
  v2::Message message;
  message.mutable_topic()->set_name("orders");
  message.set_body("payload");
  message.mutable_system_properties()->set_message_id(id);
  message.mutable_system_properties()->set_receipt_handle("handle-" + id);
  return message;
}

TEST_F(ScriptedRocketMq, AConsumerKeepsInvisibleWhatTakesLong) {
  broker::rocketmq::Settings settings;
  settings.proxies = {proxy_.address()};
  proxy_.give({message_with("a"), message_with("b")});
  broker::rocketmq::RocketMqConsumer consumer(settings, {"orders", "group", "", seconds{2}}, 10);
  auto first = consumer.receive(seconds{10});
  ASSERT_TRUE(first && *first);
  auto second = consumer.receive(seconds{10});
  ASSERT_TRUE(second && *second);
  consumer.ack(**first);
  ASSERT_TRUE(proxy_.await([this] { return proxy_.renewed().size() >= 2; })) << "while the caller was busy";
  const auto renewed = proxy_.renewed();
  EXPECT_EQ(renewed[0], "handle-b");
  EXPECT_EQ(renewed[1], "handle-b+") << "by the handle that the last answer gave";
  consumer.ack(**second);

  for (int i = 0; i < 40 && proxy_.acknowledged().size() < 2; ++i) EXPECT_TRUE(consumer.receive(milliseconds{50}));
  const auto acknowledged = proxy_.acknowledged();
  ASSERT_EQ(acknowledged.size(), 2U);
  EXPECT_EQ(acknowledged[0], "handle-a");
  EXPECT_EQ(acknowledged[1].rfind("handle-b+", 0), 0U);
}

}  // namespace
}  // namespace waybill::testing
