// What is held while a broker answers for nothing, and what a consumer has received and not answered.

#include <gtest/gtest.h>

#include "broker/rocketmq/hold.hpp"
#include "broker/rocketmq/receipts.hpp"

namespace waybill::broker::rocketmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Parcel parcel(std::uint64_t tag) {
  Parcel made;
  made.outgoing.tag = Tag{tag};
  return made;
}

TEST(RocketMqHold, OneAloneTriesAgainAndTheOthersWaitForWhatBecomesOfIt) {
  MonoTime now{seconds{100}};
  Hold hold;
  EXPECT_TRUE(hold.empty());
  for (std::uint64_t tag = 1; tag <= 8; ++tag) hold.add(parcel(tag), "the disk is slow", now);
  EXPECT_EQ(hold.reason(), "the disk is slow");
  EXPECT_TRUE(hold.take_trials(now).empty()) << "not at once";
  now += milliseconds{101};
  auto trials = hold.take_trials(now);
  ASSERT_EQ(trials.size(), 1U);
  EXPECT_EQ(trials[0].outgoing.tag, Tag{1});
  EXPECT_TRUE(hold.take_trials(now + seconds{60}).empty()) << "one at a time";
  hold.tried_in_vain(std::move(trials[0]), "still", now);
  EXPECT_EQ(hold.reason(), "still");
  now += seconds{11};
  trials = hold.take_trials(now);
  ASSERT_EQ(trials.size(), 1U);
  EXPECT_EQ(trials[0].outgoing.tag, Tag{1}) << "the same one";
}

TEST(RocketMqHold, EachThatIsAnsweredLetsMoreTryUntilNoneIsHeld) {
  const MonoTime now{seconds{100}};
  Hold hold;
  for (std::uint64_t tag = 1; tag <= 8; ++tag) hold.add(parcel(tag), "slow", now);
  const MonoTime later = now + seconds{1};
  std::vector<std::size_t> steps;
  while (!hold.empty()) {
    const auto trials = hold.take_trials(later);
    steps.push_back(trials.size());
    for (std::size_t i = 0; i < trials.size(); ++i) hold.answered(later);
  }
  EXPECT_EQ(steps, (std::vector<std::size_t>{1, 2, 5}));
  EXPECT_EQ(hold.reason(), "");
}

TEST(RocketMqHold, OneThatFailsStopsTheOthers) {
  const MonoTime now{seconds{100}};
  Hold hold;
  for (std::uint64_t tag = 1; tag <= 8; ++tag) hold.add(parcel(tag), "slow", now);
  const MonoTime later = now + seconds{1};
  EXPECT_EQ(hold.take_trials(later).size(), 1U);
  hold.answered(later);
  auto trials = hold.take_trials(later);
  ASSERT_EQ(trials.size(), 2U);
  for (auto& trial : trials) hold.tried_in_vain(std::move(trial), "slow", later);
  EXPECT_TRUE(hold.take_trials(later).empty()) << "a pause";
  EXPECT_EQ(hold.take_trials(later + seconds{10}).size(), 1U) << "one again";
}

TEST(RocketMqHold, WhoFailsAgainSoonIsTriedLessOften) {
  MonoTime now{seconds{100}};
  Hold hold;
  Duration longest{};
  for (int i = 0; i < 12; ++i) {
    hold.add(parcel(1), "slow", now);
    const MonoTime began = now;
    while (hold.take_trials(now).empty()) now += milliseconds{10};
    longest = std::max(longest, now - began);
    hold.answered(now);
  }
  EXPECT_GT(longest, seconds{1});
  EXPECT_LE(longest, seconds{10} + milliseconds{10});
}

TEST(RocketMqHold, WhenTheBrokerIsGoneAllIsGivenBackInItsOrder) {
  const MonoTime now{seconds{100}};
  Hold hold;
  for (std::uint64_t tag = 1; tag <= 3; ++tag) hold.add(parcel(tag), "slow", now);
  const auto all = hold.release();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].outgoing.tag, Tag{1});
  EXPECT_TRUE(hold.empty());
}

TEST(RocketMqHold, AnAnswerAfterTheReleaseChangesNothing) {
  const MonoTime now{seconds{100}};
  Hold hold;
  hold.add(parcel(1), "slow", now);
  EXPECT_EQ(hold.take_trials(now + seconds{1}).size(), 1U);
  hold.release();
  hold.answered(now + seconds{1});
  EXPECT_TRUE(hold.empty());
}

TEST(RocketMqReceipts, NoMoreThanThePrefetchIsReceivedOrHandedOut) {
  const MonoTime now{seconds{100}};
  const Deadline at_once = Deadline::after(Duration::zero());
  Receipts receipts(3);
  EXPECT_EQ(receipts.reserve(32, at_once), 3U);
  EXPECT_EQ(receipts.reserve(32, at_once), 0U);
  receipts.add({}, {"id", "handle", nullptr}, now);
  receipts.release(2);
  EXPECT_EQ(receipts.reserve(32, at_once), 2U);
  const auto delivery = receipts.hand_out();
  ASSERT_TRUE(delivery);
  EXPECT_EQ(receipts.reserve(32, at_once), 0U) << "it is not answered";
  EXPECT_EQ(receipts.take(delivery->tag)->handle, "handle");
  EXPECT_FALSE(receipts.take(delivery->tag)) << "answered before";
  EXPECT_EQ(receipts.reserve(32, at_once), 1U);
}

TEST(RocketMqReceipts, WhatTakesLongIsDueAndHasANewHandleThen) {
  MonoTime now{seconds{100}};
  const int here = 0;
  Receipts receipts(3);
  receipts.reserve(2, Deadline::after(Duration::zero()));
  receipts.add({}, {"id", "first", &here}, now);
  const auto delivery = receipts.hand_out();
  EXPECT_TRUE(receipts.due(&here, seconds{30}, now + seconds{30}).empty());
  now += seconds{31};
  const auto due = receipts.due(&here, seconds{30}, now);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_TRUE(receipts.due(nullptr, seconds{30}, now).empty()) << "another's";
  receipts.renewed(due[0].tag, "second", now);
  EXPECT_TRUE(receipts.due(&here, seconds{30}, now).empty());
  EXPECT_EQ(receipts.take(delivery->tag)->handle, "second");
}

TEST(RocketMqReceipts, WhatExpiredIsNotHandedOut) {
  Receipts receipts(3);
  receipts.reserve(1, Deadline::after(Duration::zero()));
  receipts.add({}, {"id", "handle", nullptr}, MonoTime{});
  receipts.expired(1);
  EXPECT_FALSE(receipts.hand_out());
  EXPECT_EQ(receipts.reserve(3, Deadline::after(Duration::zero())), 3U);
}

}  // namespace
}  // namespace waybill::broker::rocketmq
