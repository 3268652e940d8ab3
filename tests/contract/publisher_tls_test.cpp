// amqps: the certificate and the host's name are checked, and only an explicit word turns that off.

#include <gtest/gtest.h>

#include <ctime>
#include <thread>

#include "broker/rabbitmq/endpoint.hpp"
#include "broker/rabbitmq/link.hpp"
#include "broker/rabbitmq/publisher.hpp"
#include "fake_amqp/fake_broker.hpp"
#include "publisher_recorder.hpp"
#include "tls_front.hpp"

namespace waybill::testing {
namespace {

using State = Recorder::State;

class Tls : public ::testing::Test {
 protected:
  void open(const TlsFront& front, const std::string& host, const std::string& ca_file, bool insecure = false) {
    BrokerConfig config;
    config.url = Secret("amqps://user:word@" + host + ":" + std::to_string(front.port()));
    config.ca_file = ca_file;
    config.insecure = insecure;
    auto endpoint = broker::rabbitmq::make_endpoint(config);
    ASSERT_TRUE(endpoint);
    publisher_ = std::make_unique<broker::rabbitmq::RabbitPublisher>(*endpoint);
    publisher_->start(recorder_);
  }
  void TearDown() override {
    if (publisher_) publisher_->stop(Deadline::after(std::chrono::seconds{1}));
  }
  void expect_messages_pass() {
    ASSERT_TRUE(recorder_.await_up()) << recorder_.state().downs.front().second;
    auto messages = outgoings(1, 200, "shop", "key");
    messages.push_back(outgoing(201, "shop", "key", std::string(1 << 20, 'x')));
    publisher_->publish(std::move(messages));
    ASSERT_TRUE(recorder_.await_outcomes(201));
    EXPECT_EQ(recorder_.state().count(broker::OutcomeKind::confirmed), 201U);
    EXPECT_EQ(fake_.published().back().body.size(), 1U << 20);
  }
  /// A peer that says nothing more costs nothing while it is waited for.
  static Duration cpu_time() { return std::chrono::nanoseconds{std::clock() * (1'000'000'000 / CLOCKS_PER_SEC)}; }
  void expect_refused(const std::string& why) {
    ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
    EXPECT_EQ(recorder_.state().ups, 0);
    const std::string reason = recorder_.state().downs.front().second;
    EXPECT_NE(reason.find(why), std::string::npos) << reason;
  }

  FakeBroker fake_;
  Recorder recorder_;
  std::unique_ptr<broker::rabbitmq::RabbitPublisher> publisher_;
};

TEST_F(Tls, MessagesPassWhenAuthorityAndNameAreRight) {
  TlsFront front(fake_.port(), "localhost");
  open(front, "localhost", front.ca_file());
  expect_messages_pass();
}

TEST_F(Tls, AnAddressIsCheckedLikeAName) {
  TlsFront front(fake_.port(), "127.0.0.1");
  open(front, "127.0.0.1", front.ca_file());
  expect_messages_pass();
}

TEST_F(Tls, AnUnknownAuthorityIsRefused) {
  TlsFront front(fake_.port(), "localhost");
  open(front, "localhost", "");
  expect_refused("certificate refused");
}

TEST_F(Tls, ACertificateForAnotherHostIsRefused) {
  TlsFront front(fake_.port(), "elsewhere.example");
  open(front, "localhost", front.ca_file());
  expect_refused("certificate refused");
}

TEST_F(Tls, InsecureIsAnExplicitWord) {
  TlsFront front(fake_.port(), "elsewhere.example");
  open(front, "localhost", "", true);
  expect_messages_pass();
}

TEST_F(Tls, AMissingFileIsNamed) {
  TlsFront front(fake_.port(), "localhost");
  open(front, "localhost", "/no/such/file.pem");
  expect_refused("/no/such/file.pem");
}

TEST_F(Tls, APlainPortIsNotWaitedForForever) {
  BrokerConfig config;
  config.url = Secret("amqps://user:word@127.0.0.1:" + std::to_string(fake_.port()));
  auto endpoint = broker::rabbitmq::make_endpoint(config);
  ASSERT_TRUE(endpoint);
  publisher_ = std::make_unique<broker::rabbitmq::RabbitPublisher>(*endpoint);
  publisher_->start(recorder_);
  expect_refused("TLS handshake");
}

TEST_F(Tls, ALoginThatStallsInTheMiddleOfARecordEndsByItsDeadlineAndCostsNothing) {
  TlsFront front(fake_.port(), "localhost");
  front.stall();
  BrokerConfig config;
  config.url = Secret("amqps://user:word@localhost:" + std::to_string(front.port()));
  config.ca_file = front.ca_file();
  auto endpoint = broker::rabbitmq::make_endpoint(config);
  ASSERT_TRUE(endpoint);
  const MonoTime began = std::chrono::steady_clock::now();
  const Duration spent = cpu_time();
  auto link = broker::rabbitmq::open_link(*endpoint, Deadline::after(std::chrono::seconds{2}), {}, "test");
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().code(), ErrorCode::timeout) << link.error().message();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{5});
  EXPECT_LT(cpu_time() - spent, std::chrono::seconds{1});
}

TEST_F(Tls, StopDoesNotWaitForALoginThatStalls) {
  TlsFront front(fake_.port(), "localhost");
  front.stall();
  open(front, "localhost", front.ca_file());
  const Deadline deadline = Deadline::after(std::chrono::seconds{10});
  while (!front.has_stalled() && !deadline.passed()) std::this_thread::yield();
  const MonoTime began = std::chrono::steady_clock::now();
  // Three answers later the login has read what there was.
  for (std::uint64_t tag = 1; tag <= 3; ++tag) {
    publisher_->publish({outgoing(tag, "shop", "key")});
    ASSERT_TRUE(recorder_.await([&](const State& state) { return state.outcomes.size() == tag; }));
  }
  publisher_->stop(Deadline::after(std::chrono::seconds{1}));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{3});
}

}  // namespace
}  // namespace waybill::testing
