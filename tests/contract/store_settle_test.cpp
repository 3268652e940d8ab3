// What becomes of messages: confirmed, retried, failed, dropped.

#include <gmock/gmock.h>

#include "store_suite.hpp"

namespace waybill::contract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST_P(StoreContract, ConfirmedMessageLeavesTheStore) {
  auto lane = acquire();
  send(4);
  const auto claims = fetch(*lane, 4);
  const auto report = settle(*lane, {confirmed(claims[0]), confirmed(claims[1]), confirmed(claims[3])});
  EXPECT_EQ(report.durable_fresh, 3U);
  EXPECT_EQ(count_sending(), 1U);
  take_over(lane);
  EXPECT_THAT(payloads(fetch(*lane, 1)), ElementsAre("3"));
}

TEST_P(StoreContract, DroppedMessageLeavesTheStoreAndItsHistoryStays) {
  auto lane = acquire();
  send_row({.id = "drop-me"});
  const auto claims = fetch(*lane, 1);
  auto dropped = verdict(claims[0], Verdict::dropped);
  dropped.reason = "rejected";
  dropped.answer = "basic.nack";
  EXPECT_EQ(settle(*lane, {dropped}).durable_fresh, 1U);
  EXPECT_EQ(count_sending(), 0U);
  auto found = store().locate(MessageId{"drop-me"});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->place, store::Whereabouts::Place::gone);
  ASSERT_EQ(found->history.size(), 1U);
  EXPECT_EQ(found->history[0].outcome, "dropped");
  EXPECT_EQ(found->history[0].answer, "basic.nack");
}

TEST_P(StoreContract, RetryComesBackWhenTheLanesClockSaysSo) {
  auto lane = acquire();
  send(2);
  const auto claims = fetch(*lane, 2);
  EXPECT_EQ(settle(*lane, {retry(claims[0], 500), retry(claims[1], 300)}).durable_fresh, 2U);
  EXPECT_THAT(due(*lane, 299), IsEmpty());
  auto early = lane->due(LaneTime{300}, {});
  ASSERT_TRUE(early) << early.error().message();
  EXPECT_THAT(payloads(early->messages), ElementsAre("2"));
  EXPECT_TRUE(early->waiting);
  const auto late = due(*lane, 500);
  ASSERT_THAT(payloads(late), ElementsAre("1"));
  EXPECT_EQ(late[0].origin, Origin::retry);
  EXPECT_EQ(late[0].attempt, 2U);
  EXPECT_EQ(late[0].tries, 1U);
  EXPECT_EQ(late[0].reason, "rejected");
  EXPECT_EQ(count_sending(), 2U);
}

TEST_P(StoreContract, DueRetriesComeLongestDueFirstAndWithinTheLimit) {
  auto lane = acquire();
  send(5);
  const auto claims = fetch(*lane, 5);
  std::vector<Settlement> all;
  for (std::size_t at = 0; at < 5; ++at) all.push_back(retry(claims[at], static_cast<std::int64_t>(50 - 10 * at)));
  settle(*lane, all);
  auto some = lane->due(LaneTime{50}, {2, 1000});
  ASSERT_TRUE(some) << some.error().message();
  EXPECT_THAT(payloads(some->messages), ElementsAre("5", "4"));
  EXPECT_TRUE(some->more);
  EXPECT_FALSE(some->waiting);
  EXPECT_THAT(payloads(due(*lane, 50)), ElementsAre("3", "2", "1"));
}

TEST_P(StoreContract, RetryIsHandedOutOnceUntilItIsSettledAgain) {
  auto lane = acquire();
  send(1);
  settle(*lane, {retry(fetch(*lane, 1)[0], 10)});
  const auto again = due(*lane, 10);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_THAT(due(*lane, 1000), IsEmpty());
  settle(*lane, {retry(again[0], 20)});
  const auto third = due(*lane, 20);
  ASSERT_EQ(third.size(), 1U);
  EXPECT_EQ(third[0].attempt, 3U);
  EXPECT_EQ(third[0].tries, 2U);
  settle(*lane, {confirmed(third[0])});
  EXPECT_EQ(count_sending(), 0U);
  EXPECT_THAT(due(*lane, 100'000), IsEmpty());
}

TEST_P(StoreContract, UnansweredMessageWaitsInTheRetryTableForItsAnswer) {
  auto lane = acquire();
  send(2);
  auto claims = fetch(*lane, 2);
  auto first = retry(claims[0], 0);
  auto second = retry(claims[1], 0);
  first.unanswered = second.unanswered = true;
  EXPECT_EQ(settle(*lane, {first, second}).durable_fresh, 2U);
  EXPECT_TRUE(due(*lane, 1000).empty()) << "its answer may still come";
  claims[0].origin = claims[1].origin = Origin::retry;
  settle(*lane, {confirmed(claims[0])});
  EXPECT_EQ(count_sending(), 1U);
  take_over(lane);
  const auto again = due(*lane, 1000);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].ticket, claims[1].ticket);
  EXPECT_GT(again[0].attempt, 1U);
}

TEST_P(StoreContract, UnansweredMessageMayBeAnsweredInTheSameSettlement) {
  auto lane = acquire();
  send(2);
  const auto claims = fetch(*lane, 2);
  auto first = retry(claims[0], 0);
  auto second = retry(claims[1], 0);
  first.unanswered = second.unanswered = true;
  auto confirmed_first = confirmed(claims[0]);
  auto retried_second = retry(claims[1], 500);
  confirmed_first.origin = retried_second.origin = Origin::retry;
  settle(*lane, {first, second, confirmed_first, retried_second});
  EXPECT_TRUE(due(*lane, 499).empty());
  EXPECT_EQ(due(*lane, 500).size(), 1U);
  EXPECT_EQ(count_sending(), 1U);
}

TEST_P(StoreContract, FailedMessageWaitsForAPersonWithItsHistory) {
  auto lane = acquire();
  send_row({.id = "m1", .key = "k", .payload = "body", .headers = R"({"n":"v"})"});
  settle(*lane, {retry(fetch(*lane, 1)[0], 10)}, {}, 5);
  settle(*lane, {failed(due(*lane, 10)[0], "unroutable", "312 NO_ROUTE")});
  EXPECT_THAT(due(*lane, 1'000'000), IsEmpty());
  EXPECT_EQ(count_sending(), 0U);
  EXPECT_EQ(count_failed(), 1U);
  const auto page = troubled();
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page[0].message.id.str(), "m1");
  EXPECT_EQ(page[0].message.payload, "body");
  EXPECT_EQ(page[0].message.key, Key{"k"});
  EXPECT_EQ(page[0].message.headers, (Headers{{"n", "v"}}));
  EXPECT_EQ(page[0].state, "failed");
  EXPECT_EQ(page[0].route, "orders.*");
  EXPECT_EQ(page[0].reason, "unroutable");
  EXPECT_EQ(page[0].answer, "312 NO_ROUTE");
  EXPECT_EQ(page[0].attempts, 2U);
  auto found = store().locate(MessageId{"m1"});
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_EQ(found->history.size(), 2U);
  EXPECT_EQ(found->history[0].outcome, "rejected");
  EXPECT_EQ(found->history[0].answer, "basic.nack");
  EXPECT_EQ(found->history[0].endpoint, "127.0.0.1:5672");
  EXPECT_EQ(found->history[0].relay, "test:1");
  EXPECT_EQ(found->history[1].outcome, "unroutable");
}

TEST_P(StoreContract, ConfirmedRetryIsRememberedInTheHistory) {
  auto lane = acquire();
  send_row({.id = "m1"});
  settle(*lane, {retry(fetch(*lane, 1)[0], 10)});
  settle(*lane, {confirmed(due(*lane, 10)[0])});
  auto found = store().locate(MessageId{"m1"});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->place, store::Whereabouts::Place::gone);
  ASSERT_EQ(found->history.size(), 2U);
  EXPECT_EQ(found->history[1].outcome, "confirmed");
  EXPECT_EQ(found->history[1].attempt, 2U);
}

TEST_P(StoreContract, WaitingWithoutBeingSentLeavesNothingInTheHistory) {
  auto lane = acquire();
  send_row({.id = "m1"});
  settle(*lane, {retry(fetch(*lane, 1)[0], 10)});
  for (const char* reason : {"route_stopped", "delayed", "set_aside"}) {
    auto held = retry(due(*lane, 10)[0], 10);
    held.reason = reason;
    settle(*lane, {held});
  }
  auto found = store().locate(MessageId{"m1"});
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_EQ(found->history.size(), 1U);
  EXPECT_EQ(found->history[0].outcome, "rejected");
}

TEST_P(StoreContract, DurableFreshCountsFreshMessagesOfTheSessionOnly) {
  auto lane = acquire();
  send(6);
  const auto claims = fetch(*lane, 6);
  EXPECT_EQ(settle(*lane, {confirmed(claims[5]), retry(claims[1], 1)}).durable_fresh, 2U);
  EXPECT_EQ(settle(*lane, {confirmed(due(*lane, 1)[0])}).durable_fresh, 2U);
  EXPECT_EQ(settle(*lane, {failed(claims[0]), confirmed(claims[2]), confirmed(claims[3])}).durable_fresh, 5U);
  take_over(lane);
  EXPECT_EQ(settle(*lane, {confirmed(fetch(*lane, 1)[0])}).durable_fresh, 1U);
}

TEST_P(StoreContract, StaleOwnersSettlementChangesNothing) {
  auto old = acquire();
  send(3);
  const auto claims = fetch(*old, 3);
  rig().steal();
  auto lane = acquire();
  SettleBatch batch;
  batch.messages = {confirmed(claims[0]), retry(claims[1], 10), failed(claims[2])};
  batch.scopes = {{ScopeChange::Kind::block, {"orders.*", "k"}, claims[1].ticket}};
  batch.now = LaneTime{99'999};
  auto settled = old->settle(batch);
  ASSERT_FALSE(settled);
  EXPECT_EQ(settled.error().code(), ErrorCode::lost_lane) << settled.error().message();
  EXPECT_EQ(count_sending(), 3U);
  EXPECT_EQ(count_failed(), 0U);
  EXPECT_THAT(payloads(fetch(*lane, 3)), ElementsAre("1", "2", "3"));
  take_over(lane);
  EXPECT_TRUE(lane->state().blocked.empty());
  EXPECT_LT(lane->state().clock.ms, 99'999);
}

TEST_P(StoreContract, StaleOwnerCanNeitherClaimNorSuspect) {
  auto old = acquire();
  send(3);
  const auto claims = fetch(*old, 3);
  rig().steal();
  auto lane = acquire();
  EXPECT_FALSE(old->mark_suspect(claims[0].ticket));
  old.reset();
  take_over(lane);
  EXPECT_FALSE(lane->state().suspect);
}

TEST_P(StoreContract, SettlementIsAllOrNothingAcrossItsParts) {
  auto lane = acquire();
  send(4, "k");
  const auto claims = fetch(*lane, 4);
  const Scope scope{"orders.*", "k"};
  settle(*lane,
         {confirmed(claims[0]), retry(claims[1], 50, true), verdict(claims[2], Verdict::parked),
          verdict(claims[3], Verdict::parked)},
         {{ScopeChange::Kind::block, scope, claims[1].ticket}}, 40);
  take_over(lane);
  EXPECT_EQ(lane->state().clock.ms, 40);
  EXPECT_THAT(lane->state().blocked, ElementsAre(scope));
  EXPECT_THAT(payloads(due(*lane, 50)), ElementsAre("2"));
  EXPECT_EQ(count_sending(), 3U);
}

TEST_P(StoreContract, TenThousandMessagesAreSettledInAnyOrder) {
  auto lane = acquire();
  send(10'000);
  const auto claims = fetch(*lane, 10'000);
  ASSERT_EQ(claims.size(), 10'000U);
  EXPECT_EQ(payloads(claims), numbers(10'000));
  std::uint64_t durable = 0;
  for (std::size_t first = 0; first < 7; ++first) {
    std::vector<Settlement> part;
    for (std::size_t at = first; at < claims.size(); at += 7) part.push_back(confirmed(claims[at]));
    durable = settle(*lane, part).durable_fresh;
  }
  EXPECT_EQ(durable, 10'000U);
  EXPECT_EQ(count_sending(), 0U);
  take_over(lane);
  EXPECT_TRUE(fetch_some(*lane, 1).empty());
  send(1);
  EXPECT_THAT(payloads(fetch(*lane, 1)), ElementsAre("1"));
}

TEST_P(StoreContract, EmptiedStoreGoesOnWithNewMessages) {
  auto lane = acquire();
  for (int round = 0; round < 3; ++round) {
    send(2);
    confirm(*lane, fetch(*lane, 2));
    EXPECT_EQ(count_sending(), 0U);
    stop_cleanly(lane);
    lane = acquire();
  }
  send(1);
  EXPECT_EQ(fetch(*lane, 1)[0].attempt, 1U);
}

}  // namespace
}  // namespace waybill::contract
