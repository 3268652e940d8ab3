// What a lane's next owner finds: flags on what may have been sent, suspects, the clock.

#include <gmock/gmock.h>

#include "store_suite.hpp"

namespace waybill::contract {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST_P(StoreContract, SecondOwnerIsBusyAndTheFirstGoesOn) {
  auto lane = acquire();
  auto second = store().acquire(0, "test:2");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::busy);
  EXPECT_THAT(second.error().message(), testing::HasSubstr("test:1"));
  auto holders = store().holders();
  ASSERT_TRUE(holders) << holders.error().message();
  ASSERT_EQ(holders->size(), 1U);
  EXPECT_EQ(holders->front().holder, "test:1");
  send(1);
  confirm(*lane, fetch(*lane, 1));
  lane.reset();
  lane = acquire();
  EXPECT_TRUE(lane);
}

TEST_P(StoreContract, FetchOfNothingTellsWhetherTheLaneIsStillOwned) {
  auto lane = acquire();
  send(1);
  auto fetched = lane->fetch({0, 1000});
  ASSERT_TRUE(fetched) << fetched.error().message();
  EXPECT_TRUE(fetched->messages.empty());
  EXPECT_EQ(fetch(*lane, 1).size(), 1U);
  rig().steal();
  auto second = acquire();
  EXPECT_EQ(lane->fetch({0, 1000}).error().code(), ErrorCode::lost_lane);
}

TEST_P(StoreContract, LaneWithoutOwnerHasNoHolder) {
  auto lane = acquire();
  lane.reset();
  const auto deadline = Deadline::after(std::chrono::seconds{10});
  std::string holder = "?";
  while (!holder.empty() && !deadline.passed()) {
    auto holders = store().holders();
    ASSERT_TRUE(holders) << holders.error().message();
    ASSERT_EQ(holders->size(), 1U);
    holder = holders->front().holder;
  }
  EXPECT_EQ(holder, "");
}

TEST_P(StoreContract, UnknownLaneIsAnError) { EXPECT_FALSE(store().acquire(7, "test:1")); }

TEST_P(StoreContract, DeadOwnersClaimsAreFlagged) {
  send(5);
  auto lane = acquire();
  EXPECT_EQ(fetch_some(*lane, 3).size(), 3U);
  take_over(lane);
  EXPECT_TRUE(lane->state().unclean);
  const auto claims = fetch(*lane, 5);
  EXPECT_THAT(payloads(claims), ElementsAre("1", "2", "3", "4", "5"));
  for (std::size_t at = 0; at < 3; ++at) EXPECT_EQ(claims[at].attempt, 2U) << "message " << at + 1;
}

TEST_P(StoreContract, MessagesFarBehindTheDeadOwnersClaimsAreNotFlagged) {
  send(10'000);
  auto lane = acquire();
  EXPECT_EQ(fetch_some(*lane, 10).size(), 10U);
  take_over(lane);
  const auto claims = fetch(*lane, 10'000);
  const auto flags = attempts(claims);
  const auto first_clean = std::find(flags.begin(), flags.end(), 1U);
  EXPECT_GE(first_clean - flags.begin(), 10);
  // `unsettled` is 4,000 by default: a claim need not be stored further ahead.
  EXPECT_LE(first_clean - flags.begin(), 10 + 5000);
  EXPECT_EQ(std::count(first_clean, flags.end(), 1U), flags.end() - first_clean);
}

TEST_P(StoreContract, UnclaimedMessagesAreNotFlagged) {
  auto lane = acquire();
  lane.reset();
  send(3);
  lane = acquire();
  EXPECT_THAT(attempts(fetch(*lane, 3)), Each(1U));
}

TEST_P(StoreContract, CleanStopLeavesNoFlag) {
  auto lane = acquire();
  send(3);
  confirm(*lane, fetch(*lane, 3));
  send(3);
  stop_cleanly(lane);
  lane = acquire();
  EXPECT_FALSE(lane->state().unclean);
  EXPECT_THAT(attempts(fetch(*lane, 3)), Each(1U));
}

TEST_P(StoreContract, FlagsOutliveACleanStopOfAnOwnerThatNeverReadTheMessages) {
  send(3);
  auto lane = acquire();
  EXPECT_EQ(fetch(*lane, 3).size(), 3U);
  take_over(lane);
  stop_cleanly(lane);
  lane = acquire();
  EXPECT_THAT(attempts(fetch(*lane, 3)), Each(2U));
}

TEST_P(StoreContract, FlagsOutliveTwoDeaths) {
  send(3);
  auto lane = acquire();
  EXPECT_EQ(fetch(*lane, 3).size(), 3U);
  take_over(lane);
  take_over(lane);
  EXPECT_TRUE(lane->state().unclean);
  EXPECT_THAT(attempts(fetch(*lane, 3)), Each(2U));
}

TEST_P(StoreContract, SettledPartOfAnUnsettledBatchDoesNotComeAgain) {
  send(1000);
  auto lane = acquire();
  const auto claims = fetch(*lane, 1000);
  std::vector<Settlement> every_third;
  for (std::size_t at = 0; at < claims.size(); at += 3) every_third.push_back(confirmed(claims[at]));
  EXPECT_EQ(settle(*lane, every_third).durable_fresh, every_third.size());
  take_over(lane);
  const auto left = fetch(*lane, 1000 - every_third.size());
  EXPECT_THAT(attempts(left), Each(2U));
  for (const auto& claimed : left) EXPECT_NE(std::stoi(claimed.message->payload) % 3, 1);
}

TEST_P(StoreContract, DelayedRetryThatADeadOwnerTookIsFlagged) {
  auto lane = acquire();
  send(1);
  auto delayed = retry(fetch(*lane, 1)[0], 10);
  delayed.attempt = 0;
  delayed.tries = 0;
  delayed.reason = "delayed";
  settle(*lane, {delayed});
  stop_cleanly(lane);
  lane = acquire();
  const auto first = due(*lane, 10);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].attempt, 1U);
  EXPECT_EQ(first[0].reason, "delayed");
  take_over(lane);
  const auto second = due(*lane, 10);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].attempt, 2U);
}

TEST_P(StoreContract, WhatAskedToComeLaterIsDueAtATakeoverWhenItsTimeHasCome) {
  auto lane = acquire();
  send_row({.payload = "late", .not_before_ms = unix_ms_now() - 1000});
  send_row({.payload = "later", .not_before_ms = unix_ms_now() + 3'600'000});
  send_row({.payload = "put off for another cause"});
  std::vector<Settlement> settlements;
  for (const auto& claimed : fetch(*lane, 3)) {
    auto delayed = retry(claimed, 3'600'000);
    delayed.reason = "delayed";
    settlements.push_back(delayed);
  }
  settle(*lane, settlements, {}, 5000);
  EXPECT_THAT(due(*lane, 5000), testing::IsEmpty());
  // Nobody counted the lane's time while nobody held it.
  take_over(lane);
  EXPECT_THAT(payloads(due(*lane, lane->state().clock.ms)), ElementsAre("late"));
}

TEST_P(StoreContract, RetriesOutliveTheirOwner) {
  auto lane = acquire();
  send(2);
  const auto claims = fetch(*lane, 2);
  settle(*lane, {retry(claims[0], 100), retry(claims[1], 200)}, {}, 60);
  EXPECT_EQ(due(*lane, 100).size(), 1U);
  take_over(lane);
  EXPECT_EQ(lane->state().clock.ms, 60);
  const auto again = due(*lane, 200);
  EXPECT_THAT(payloads(again), ElementsAre("1", "2"));
  EXPECT_THAT(attempts(again), ElementsAre(2U, 2U));
}

TEST_P(StoreContract, LanesClockNeverGoesBack) {
  auto lane = acquire();
  settle(*lane, {}, {}, 70);
  settle(*lane, {}, {}, 40);
  take_over(lane);
  EXPECT_EQ(lane->state().clock.ms, 70);
}

TEST_P(StoreContract, SuspectIsNamedAndItsKillsAreCounted) {
  auto lane = acquire();
  send(2);
  const auto claims = fetch(*lane, 2);
  for (std::uint32_t kills = 1; kills <= 3; ++kills) {
    ASSERT_TRUE(lane->mark_suspect(claims[0].ticket));
    take_over(lane);
    ASSERT_TRUE(lane->state().suspect);
    EXPECT_EQ(*lane->state().suspect, claims[0].ticket);
    EXPECT_EQ(lane->state().suspect_kills, kills);
  }
}

TEST_P(StoreContract, OwnerThatDiedBeforeItMarkedAccusesNobody) {
  auto lane = acquire();
  send(1);
  ASSERT_TRUE(lane->mark_suspect(fetch(*lane, 1)[0].ticket));
  take_over(lane);
  EXPECT_EQ(lane->state().suspect_kills, 1U);
  take_over(lane);
  EXPECT_TRUE(lane->state().suspect);
  EXPECT_EQ(lane->state().suspect_kills, 1U);
}

TEST_P(StoreContract, SuspectIsForgottenWithTheNextSettlement) {
  auto lane = acquire();
  send(2);
  const auto claims = fetch(*lane, 2);
  ASSERT_TRUE(lane->mark_suspect(claims[0].ticket));
  settle(*lane, {confirmed(claims[0])});
  take_over(lane);
  EXPECT_FALSE(lane->state().suspect);
  EXPECT_EQ(lane->state().suspect_kills, 0U);
}

TEST_P(StoreContract, SuspectStaysThroughASettlementThatNamesIt) {
  auto lane = acquire();
  send(3);
  const auto claims = fetch(*lane, 3);
  ASSERT_TRUE(lane->mark_suspect(claims[0].ticket));
  SettleBatch batch;
  batch.messages = {confirmed(claims[1])};
  batch.suspect = claims[0].ticket;
  ASSERT_TRUE(lane->settle(batch));
  take_over(lane);
  EXPECT_EQ(lane->state().suspect, claims[0].ticket);
  EXPECT_EQ(lane->state().suspect_kills, 1U);
  // Naming one that was never marked marks nobody.
  const auto again = fetch(*lane, 2);
  batch.messages = {confirmed(again[0])};
  batch.suspect = again[1].ticket;
  ASSERT_TRUE(lane->settle(batch));
  take_over(lane);
  EXPECT_FALSE(lane->state().suspect);
}

}  // namespace
}  // namespace waybill::contract
