// The in-process way: a service publishes itself what it holds in Redis, and a relay on the same store is its safety
// net. A real Redis, and a broker in memory that answers as each test wants.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "broker/memory/broker.hpp"
#include "core/uuid.hpp"
#include "store/redis/direct_outbox.hpp"
#include "store/store.hpp"
#include "waybill/sender.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using broker::memory::Reply;
using testing::HasSubstr;

constexpr std::string_view routes = R"(
[[route]]
topic = "drop.*"
broker = "main"
exchange = "x"
on_nack = "drop"
on_unroutable = "drop"
[[route]]
topic = "fail.*"
broker = "main"
exchange = "x"
on_nack = "fail"
[[route]]
topic = "ordered.*"
broker = "main"
exchange = "x"
order = "key"
[[route]]
topic = "again.*"
broker = "main"
exchange = "x"
resend_after = "300ms"
on_unroutable = "resend"
[relay]
window = 5
)";

/// The answers as they come, by message.
class Answers {
 public:
  void operator()(const Answer& answer) {
    const std::lock_guard lock(mutex_);
    answers_.emplace(answer.id.str(), answer);
    ++count_;
    came_.notify_all();
  }

  /// `ack nothing`, or `none` when it does not come.
  std::string of(const MessageId& id) {
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, 10s, [&] { return answers_.contains(id.str()); });
    if (!answers_.contains(id.str())) return "none";
    const auto& answer = answers_.at(id.str());
    return std::string{to_string(answer.kind)} + " " + std::string{to_string(answer.next)};
  }

  std::string text_of(const MessageId& id) {
    const std::lock_guard lock(mutex_);
    return answers_.at(id.str()).text;
  }

  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::map<std::string, Answer> answers_;
  std::size_t count_ = 0;
};

class DirectSender : public testing::Test {
 protected:
  void SetUp() override {
    const char* text = std::getenv("WAYBILL_TEST_REDIS");
    ASSERT_NE(text, nullptr) << "run the tests by `tools/services run -- ctest`";
    config_.name = "cache";
    config_.url = Secret{text};
    auto connection = redis::Connection::open(config_, "any").value();
    const auto database = connection.run({"INCR", "waybill-test-databases"}, "take a database").value()->number();
    const std::string url = text;
    config_.url = Secret{url.substr(0, url.rfind('/') + 1) + std::to_string(database)};
    store_ = std::move(store::open_store(config_).value());
    const auto migrated = store_->migrate();
    ASSERT_TRUE(migrated) << migrated.error().message();
    name_ = make_uuid7();
    broker_ = broker::memory::Broker::named(name_);
    file_ = testing::TempDir() + name_ + ".toml";
    write("[store.cache]\nurl = \"" + std::string{config_.url.reveal()} + "\"\n[broker.main]\nurl = \"memory://" +
          name_ + "\"\n" + std::string{routes});
  }

  void TearDown() override {
    sender_.reset();
    relay_.reset();
    std::filesystem::remove(file_);
  }

  void write(const std::string& text) { std::ofstream(file_) << text; }

  Sender& sender() {
    if (!sender_) {
      sender_ = std::move(Sender::open(file_, "cache", [this](const Answer& answer) { answers_(answer); }).value());
      warm_up();
    }
    return *sender_;
  }

  /// Until a message is published here: without a connection it would go by the relay.
  void warm_up() {
    ASSERT_TRUE(eventually([&] { return answers_.of(sender_->send(message("again.warm")).value()) == "ack nothing"; }));
  }

  void start_relay() { relay_ = std::move(Relay::start(file_).value()); }

  static Message message(const std::string& topic, const std::string& payload = "x") {
    Message made;
    made.topic = Topic{topic};
    made.payload = payload;
    return made;
  }

  template <class Condition>
  bool eventually(const Condition& condition, std::chrono::milliseconds limit = 10s) const {
    for (const auto end = std::chrono::steady_clock::now() + limit; std::chrono::steady_clock::now() < end;) {
      if (condition()) return true;
      broker_->await_change(broker_->state().version, Deadline::after(10ms));
    }
    return condition();
  }

  /// The attempts with which the broker got a message.
  std::vector<std::uint32_t> attempts_of(const MessageId& id) const {
    std::vector<std::uint32_t> attempts;
    for (const auto& delivered : broker_->delivered()) {
      if (delivered.id == id.str()) attempts.push_back(delivered.attempt);
    }
    return attempts;
  }

  std::string state_of(const MessageId& id) const {
    const auto found = store_->locate(id).value();
    if (found.place == store::Whereabouts::Place::gone) return "gone";
    return found.place == store::Whereabouts::Place::outbox ? "outbox" : found.troubled->state;
  }

  std::uint64_t sending() const { return store_->counts().value().sending; }
  bool empty() const {
    return eventually([&] { return sending() == 0; });
  }

  StoreConfig config_;
  std::string name_, file_;
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<broker::memory::Broker> broker_;
  Answers answers_;
  std::unique_ptr<Sender> sender_;
  std::unique_ptr<Relay> relay_;
};

TEST_F(DirectSender, WhatTheBrokerAcknowledgesLeavesTheStore) {
  start_relay();
  const auto id = sender().send(message("fail.a")).value();
  EXPECT_EQ(answers_.of(id), "ack nothing");
  EXPECT_TRUE(empty());
  EXPECT_THAT(attempts_of(id), testing::ElementsAre(1));
  EXPECT_TRUE(sender_->stop(10s));
}

TEST_F(DirectSender, ARefusalFollowsTheRoute) {
  sender();
  broker_->set_script([](const broker::Outgoing& out) { return out.attempt == 1 ? Reply::reject : Reply::confirm; });
  const auto dropped = sender().send(message("drop.a")).value();
  const auto failed = sender().send(message("fail.a")).value();
  const auto again = sender().send(message("again.a")).value();
  EXPECT_EQ(answers_.of(dropped), "nack dropped");
  EXPECT_EQ(answers_.of(failed), "nack failed");
  EXPECT_EQ(answers_.of(again), "nack relay");
  EXPECT_TRUE(eventually([&] { return state_of(dropped) == "gone" && state_of(failed) == "failed"; }));
  EXPECT_EQ(state_of(again), "sending");
  start_relay();
  EXPECT_TRUE(eventually([&] { return state_of(again) == "gone"; }));
  EXPECT_THAT(attempts_of(again), testing::ElementsAre(2));
  const auto history = store_->locate(again).value().history;
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].outcome, "rejected");
  EXPECT_EQ(history[1].outcome, "confirmed");
  const auto found = store_->locate(failed).value();
  ASSERT_TRUE(found.troubled);
  EXPECT_EQ(found.troubled->reason, "rejected");
  EXPECT_EQ(found.troubled->attempts, 1U);
  EXPECT_EQ(found.troubled->tries, 1U);
}

TEST_F(DirectSender, WhatNoQueueWantsFollowsTheRouteToo) {
  sender();
  broker_->set_script(
      [](const broker::Outgoing& out) { return out.attempt == 1 ? Reply::unroutable : Reply::confirm; });
  const auto dropped = sender().send(message("drop.a")).value();
  const auto failed = sender().send(message("fail.a")).value();
  EXPECT_EQ(answers_.of(dropped), "nack dropped");
  EXPECT_EQ(answers_.of(failed), "nack failed");
  EXPECT_TRUE(eventually([&] { return state_of(failed) == "failed"; }));
  EXPECT_EQ(store_->locate(failed).value().troubled->reason, "unroutable");
}

TEST_F(DirectSender, WhatIsInDoubtTheRelaySendsAgainAndFlags) {
  sender();
  broker_->set_script(
      [](const broker::Outgoing& out) { return out.attempt == 1 ? Reply::lose_confirm : Reply::confirm; });
  start_relay();
  const auto id = sender().send(message("again.a")).value();
  EXPECT_EQ(answers_.of(id), "in_doubt relay");
  EXPECT_TRUE(eventually([&] { return attempts_of(id).size() == 2; }));
  EXPECT_THAT(attempts_of(id), testing::ElementsAre(1, 2));
  EXPECT_TRUE(empty());
}

TEST_F(DirectSender, WithoutABrokerTheRelayHasIt) {
  sender();
  broker_->set_reachable(false);
  EXPECT_TRUE(eventually([&] {
    const auto id = sender().send(message("again.probe")).value();
    return answers_.of(id) == "relayed relay";
  }));
  const auto id = sender().send(message("again.a")).value();
  EXPECT_EQ(answers_.of(id), "relayed relay");
  EXPECT_EQ(state_of(id), "outbox");
  broker_->set_reachable(true);
  start_relay();
  EXPECT_TRUE(empty());
  EXPECT_THAT(attempts_of(id), testing::ElementsAre(1)) << "it was not sent before, so it has no flag";
}

TEST_F(DirectSender, WhatIsNotDueTheRelayHas) {
  auto later = message("again.a");
  later.not_before = std::chrono::system_clock::now() + 500ms;
  const auto id = sender().send(later).value();
  EXPECT_EQ(answers_.of(id), "relayed relay");
  EXPECT_EQ(answers_.text_of(id), "it is not due yet");
  start_relay();
  EXPECT_TRUE(empty());
  EXPECT_EQ(attempts_of(id).size(), 1U);
}

TEST_F(DirectSender, WhatIsHeldNoRelaySends) {
  sender();
  start_relay();
  broker_->set_script([](const broker::Outgoing&) { return Reply::hold; });
  const auto id = sender().send(message("again.a")).value();
  EXPECT_FALSE(eventually([&] { return attempts_of(id).size() > 1; }, 3s)) << "ten times its resend_after";
  EXPECT_EQ(state_of(id), "sending");
  EXPECT_FALSE(relay_->drained()) << "it is not settled";
  broker_->release();
  EXPECT_EQ(answers_.of(id), "ack nothing");
  EXPECT_TRUE(empty());
}

TEST_F(DirectSender, TheRelaySendsWhatAProcessLeftBehind) {
  redis::DirectOutbox dead(config_, "a process that was killed", "host:1");
  auto left = message("again.a");
  left.id = MessageId{make_uuid7()};
  ASSERT_TRUE(dead.hold(0, left, "again.*", 300ms));
  EXPECT_EQ(sending(), 1U);
  EXPECT_EQ(state_of(left.id), "sending");
  start_relay();
  EXPECT_TRUE(empty());
  EXPECT_THAT(attempts_of(left.id), testing::ElementsAre(2)) << "it may have been sent before";
  redis::Answered late;
  late.held = {0, left.id};
  EXPECT_TRUE(dead.answered({&late, 1})) << "an answer that comes too late changes nothing";
}

TEST_F(DirectSender, ALateAnswerLeavesToTheRelayWhatTheRelayHas) {
  redis::DirectOutbox slow(config_, "slow", "host:1");
  auto left = message("again.a");
  left.id = MessageId{make_uuid7()};
  ASSERT_TRUE(slow.hold(0, left, "again.*", 100ms));
  broker_->set_script([](const broker::Outgoing&) { return Reply::hold; });
  start_relay();
  ASSERT_TRUE(eventually([&] { return attempts_of(left.id).size() == 1; }));
  redis::Answered late;
  late.held = {0, left.id};
  late.state = redis::Answered::State::failed;
  EXPECT_TRUE(slow.answered({&late, 1}));
  EXPECT_TRUE(slow.hold_on(std::vector<redis::Held>{late.held}, 1h));
  EXPECT_EQ(state_of(left.id), "sending");
  broker_->release();
  EXPECT_TRUE(empty());
}

TEST_F(DirectSender, StoppingTellsWhatIsOpenAsInDoubt) {
  sender();
  broker_->set_script([](const broker::Outgoing&) { return Reply::hold; });
  const auto id = sender().send(message("again.a")).value();
  EXPECT_FALSE(sender_->stop(100ms));
  EXPECT_EQ(answers_.of(id), "in_doubt relay");
  EXPECT_EQ(sender_->send(message("again.a")).error().code(), ErrorCode::refused);
  EXPECT_EQ(state_of(id), "sending");
}

TEST_F(DirectSender, AFullWindowHoldsTheCallerUp) {
  start_relay();
  sender();
  const auto before = answers_.count();
  broker_->set_script([](const broker::Outgoing&) { return Reply::hold; });
  std::atomic<int> sent{0};
  std::thread caller([&] {
    for (int n = 0; n < 8; ++n) {
      if (sender_->send(message("again.a"))) ++sent;
    }
  });
  EXPECT_TRUE(eventually([&] { return sent == 5; }));
  EXPECT_FALSE(eventually([&] { return sent > 5; }, 200ms)) << "five is the window";
  EXPECT_TRUE(eventually([&] {
    broker_->release();
    return answers_.count() == before + 8;
  }));
  caller.join();
  EXPECT_TRUE(empty());
}

TEST_F(DirectSender, ACallbackMaySend) {
  std::atomic<int> chain{0};
  Sender* self = nullptr;
  std::atomic<bool> ready{false};
  auto chained = std::move(Sender::open(file_, "cache", [&](const Answer&) {
                             if (!ready || ++chain >= 20) return;
                             EXPECT_TRUE(self->send(message("again.next")));
                           }).value());
  self = chained.get();
  ready = true;
  ASSERT_TRUE(chained->send(message("again.first")));
  EXPECT_TRUE(eventually([&] { return chain >= 20; }));
  chained->stop(5s);
}

TEST_F(DirectSender, ManyThreadsLoseNothing) {
  start_relay();
  sender();
  std::atomic<int> turn{0};
  broker_->set_script([&](const broker::Outgoing& out) {
    constexpr Reply some[] = {Reply::confirm, Reply::confirm, Reply::reject, Reply::lose_confirm, Reply::break_before};
    return out.attempt > 1 ? Reply::confirm : some[static_cast<std::size_t>(turn++) % std::size(some)];
  });
  const auto before = answers_.count();
  std::mutex mutex;
  std::vector<MessageId> ids;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        const auto id = sender_->send(message("again.a")).value();
        const std::lock_guard lock(mutex);
        ids.push_back(id);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(eventually([&] { return answers_.count() == before + ids.size(); })) << "each is answered once";
  EXPECT_TRUE(empty());
  for (const auto& id : ids) EXPECT_FALSE(attempts_of(id).empty()) << id.str();
}

TEST_F(DirectSender, BadInputIsTold) {
  start_relay();
  sender();
  EXPECT_EQ(sender().send(message("")).error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(sender().send(message("nowhere.a")).error().code(), ErrorCode::not_found);
  EXPECT_EQ(sender().send(message("ordered.a")).error().code(), ErrorCode::unsupported);
  broker_->set_script([](const broker::Outgoing&) { return Reply::hold; });
  auto twice = message("again.a");
  twice.id = MessageId{"one"};
  EXPECT_TRUE(sender().send(twice));
  EXPECT_THAT(sender().send(twice).error().message(), HasSubstr("'one'"));
  redis::DirectOutbox other(config_, "another process", "host:1");
  EXPECT_THAT(other.hold(0, twice, "again.*", 1s).error().message(), HasSubstr("'one' waits here already"));
  broker_->release();
  EXPECT_TRUE(empty());
}

TEST_F(DirectSender, WhatCantWorkIsToldAtOnce) {
  const auto open = [&](const std::string& store) { return Sender::open(file_, store, {}).error(); };
  EXPECT_THAT(open("other").message(), HasSubstr("no [store.other]"));
  const std::string broker = "[broker.main]\nurl = \"memory://" + name_ + "\"\n" + std::string{routes};
  write("[store.sql]\nurl = \"sqlite:///tmp/x.db\"\n" + broker);
  EXPECT_THAT(open("sql").message(), HasSubstr("'sql' is no Redis"));
  write("[store.cache]\nurl = \"redis://127.0.0.1:1\"\n" + broker);
  EXPECT_EQ(open("cache").code(), ErrorCode::unreachable);
  const auto text = std::string{config_.url.reveal()};
  write("[store.cache]\nurl = \"" + text.substr(0, text.rfind('/')) + "/9999\"\n" + broker);
  EXPECT_EQ(open("cache").code(), ErrorCode::missing_schema);
  write(std::string{"[store.cache]\nurl = \"redis://h\"\n"});
  EXPECT_EQ(open("cache").code(), ErrorCode::invalid_configuration);
}

}  // namespace
}  // namespace waybill
