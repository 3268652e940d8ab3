// The in-process way: a service publishes itself what it holds in Redis, and a relay on the same store is its safety
// net.

#include <thread>

#include "direct_sender_rig.hpp"

namespace waybill {
namespace {

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

TEST_F(DirectSender, OfAPausedRouteNothingIsSent) {
  ASSERT_TRUE(store_->pause({"fail.*", "jo", "the warehouse is moving", 1}));
  const auto id = sender().send(message("fail.a")).value();
  EXPECT_EQ(answers_.of(id), "relayed relay") << "it was paused before this process began";
  EXPECT_EQ(answers_.text_of(id), "the route is held back: paused by jo: the warehouse is moving");
  EXPECT_EQ(answers_.of(sender().send(message("drop.a")).value()), "ack nothing") << "others flow";
  EXPECT_EQ(state_of(id), "outbox");
  ASSERT_TRUE(store_->resume("fail.*"));
  EXPECT_TRUE(eventually([&] { return answers_.of(sender().send(message("fail.b")).value()) == "ack nothing"; }));
  ASSERT_TRUE(store_->pause({"drop.*", "jo", "", 1}));
  EXPECT_TRUE(eventually([&] { return answers_.of(sender().send(message("drop.b")).value()) == "relayed relay"; }));
  EXPECT_TRUE(attempts_of(id).empty());
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
  threads.reserve(4);
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

}  // namespace
}  // namespace waybill
