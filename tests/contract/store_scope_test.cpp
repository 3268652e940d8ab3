// Scopes: messages that wait behind one that is being retried or has failed.

#include <gmock/gmock.h>

#include "store_suite.hpp"

namespace waybill::contract {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

class StoreScopes : public StoreContract {
 protected:
  /// Sends `count` messages of the scope's key, fails the first to get through and parks the rest.
  Claims block(store::Lane& lane, int count, const Scope& scope) {
    send(count, scope.key ? scope.key : std::optional<std::string>{"any"});
    const auto claims = fetch(lane, static_cast<std::size_t>(count));
    std::vector<Settlement> messages{retry(claims[0], 100, true)};
    for (std::size_t at = 1; at < claims.size(); ++at) messages.push_back(verdict(claims[at], Verdict::parked));
    settle(lane, messages, {{ScopeChange::Kind::block, scope, claims[0].ticket}});
    return claims;
  }

  std::vector<Scope> released(store::Lane& lane, std::int64_t now_ms) {
    auto found = lane.due(LaneTime{now_ms}, {});
    EXPECT_TRUE(found) << found.error().message();
    return found ? found->released : std::vector<Scope>{};
  }

  const Scope by_key{"orders.*", "k"};
  const Scope by_route{"orders.*", std::nullopt};
};

TEST_P(StoreScopes, ParkedMessagesWaitInOrderAndOthersPass) {
  auto lane = acquire();
  block(*lane, 4, by_key);
  send(2, "other");
  EXPECT_THAT(payloads(fetch(*lane, 2)), ElementsAre("1", "2"));
  EXPECT_THAT(released(*lane, 0), IsEmpty());
  const auto waiting = backlog(*lane, by_key);
  EXPECT_THAT(payloads(waiting), ElementsAre("2", "3", "4"));
  EXPECT_THAT(attempts(waiting), Each(1U));
  for (const auto& claimed : waiting) EXPECT_EQ(claimed.origin, Origin::backlog);
  EXPECT_THAT(backlog(*lane, by_key), IsEmpty());
}

TEST_P(StoreScopes, ParkingCountsAsDurable) {
  auto lane = acquire();
  block(*lane, 3, by_key);
  EXPECT_EQ(settle(*lane, {}).durable_fresh, 3U);
}

TEST_P(StoreScopes, ScopeIsReleasedWhenItsBlockerIsConfirmed) {
  auto lane = acquire();
  block(*lane, 3, by_key);
  const auto blocker = due(*lane, 100);
  ASSERT_EQ(blocker.size(), 1U);
  settle(*lane, {confirmed(blocker[0])});
  EXPECT_THAT(released(*lane, 100), ElementsAre(by_key));
  const auto waiting = backlog(*lane, by_key);
  ASSERT_EQ(waiting.size(), 2U);
  settle(*lane, {confirmed(waiting[0])}, {{ScopeChange::Kind::advance, by_key, waiting[0].ticket}});
  settle(*lane, {confirmed(waiting[1])}, {{ScopeChange::Kind::advance, by_key, waiting[1].ticket}});
  EXPECT_THAT(backlog(*lane, by_key), IsEmpty());
  settle(*lane, {}, {{ScopeChange::Kind::release, by_key, waiting[1].ticket}});
  EXPECT_THAT(released(*lane, 100), IsEmpty());
  EXPECT_EQ(count_sending(), 0U);
  take_over(lane);
  EXPECT_THAT(lane->state().blocked, IsEmpty());
}

TEST_P(StoreScopes, FailedBlockerHoldsItsScopeUntilAnOperatorDropsIt) {
  auto lane = acquire();
  block(*lane, 2, by_key);
  auto blocker = failed(due(*lane, 100)[0]);
  blocker.blocks = true;
  settle(*lane, {blocker});
  EXPECT_THAT(released(*lane, 1'000'000), IsEmpty());
  const std::vector<Ticket> tickets{blocker.ticket};
  auto dropped = store().drop(tickets, "ann", "not needed");
  ASSERT_TRUE(dropped) << dropped.error().message();
  EXPECT_EQ(*dropped, 1U);
  EXPECT_THAT(released(*lane, 1'000'000), ElementsAre(by_key));
  EXPECT_THAT(payloads(backlog(*lane, by_key)), ElementsAre("2"));
}

TEST_P(StoreScopes, DroppedMessageThatIsRestoredHoldsItsScopeNoMore) {
  auto lane = acquire();
  block(*lane, 1, by_key);
  auto blocker = failed(due(*lane, 100)[0]);
  blocker.blocks = true;
  settle(*lane, {blocker});
  const std::vector<Ticket> tickets{blocker.ticket};
  ASSERT_TRUE(store().drop(tickets, "ann", "not needed"));
  ASSERT_THAT(released(*lane, 100), ElementsAre(by_key));
  settle(*lane, {}, {{ScopeChange::Kind::release, by_key, blocker.ticket}});
  ASSERT_TRUE(store().restore(tickets, "ann", "a mistake"));
  // A later message of the key is sent again, with success: nothing is left for the others to wait for.
  block(*lane, 2, by_key);
  settle(*lane, {confirmed(due(*lane, 100)[0])});
  EXPECT_THAT(released(*lane, 100), ElementsAre(by_key));
  EXPECT_THAT(payloads(backlog(*lane, by_key)), ElementsAre("2"));
  EXPECT_EQ(count_failed(), 1U);
}

TEST_P(StoreScopes, RetryThatBlocksNothingHoldsNoScope) {
  auto lane = acquire();
  block(*lane, 2, by_key);
  const auto blocker = due(*lane, 100);
  settle(*lane, {retry(blocker[0], 500, false)});
  EXPECT_THAT(released(*lane, 100), ElementsAre(by_key));
}

TEST_P(StoreScopes, BlockedAgainTheBacklogStartsBehindTheNewBlocker) {
  auto lane = acquire();
  block(*lane, 4, by_key);
  settle(*lane, {confirmed(due(*lane, 100)[0])});
  const auto waiting = backlog(*lane, by_key);
  ASSERT_EQ(waiting.size(), 3U);
  settle(*lane, {retry(waiting[0], 200, true)}, {{ScopeChange::Kind::block, by_key, waiting[0].ticket}});
  EXPECT_THAT(released(*lane, 100), IsEmpty());
  EXPECT_THAT(payloads(backlog(*lane, by_key)), ElementsAre("3", "4"));
  EXPECT_EQ(count_sending(), 3U);
}

TEST_P(StoreScopes, TakeoverKeepsScopesAndTheirBacklog) {
  auto lane = acquire();
  block(*lane, 4, by_key);
  settle(*lane, {confirmed(due(*lane, 100)[0])});
  const auto waiting = backlog(*lane, by_key);
  settle(*lane, {confirmed(waiting[0])}, {{ScopeChange::Kind::advance, by_key, waiting[0].ticket}});
  take_over(lane);
  EXPECT_THAT(lane->state().blocked, ElementsAre(by_key));
  send(1, "other");
  EXPECT_EQ(fetch(*lane, 1)[0].message->key, Key{"other"});
  EXPECT_THAT(released(*lane, 100), ElementsAre(by_key));
  // The dead owner had them in its hands.
  const auto left = backlog(*lane, by_key);
  EXPECT_THAT(payloads(left), ElementsAre("3", "4"));
  EXPECT_THAT(attempts(left), Each(2U));
}

TEST_P(StoreScopes, ParkedMessageThatMayHaveBeenSentKeepsItsFlag) {
  send(2, "k");
  auto lane = acquire();
  EXPECT_EQ(fetch(*lane, 2).size(), 2U);
  take_over(lane);
  const auto claims = fetch(*lane, 2);
  settle(*lane, {retry(claims[0], 100, true), verdict(claims[1], Verdict::parked)},
         {{ScopeChange::Kind::block, by_key, claims[0].ticket}});
  stop_cleanly(lane);
  lane = acquire();
  EXPECT_THAT(attempts(backlog(*lane, by_key)), ElementsAre(2U));
}

TEST_P(StoreScopes, BacklogThatADeadOwnerTookAfterACleanStopIsFlagged) {
  auto lane = acquire();
  block(*lane, 3, by_key);
  stop_cleanly(lane);
  lane = acquire();
  EXPECT_THAT(attempts(backlog(*lane, by_key)), ElementsAre(1U, 1U));
  take_over(lane);
  EXPECT_THAT(attempts(backlog(*lane, by_key)), ElementsAre(2U, 2U));
}

TEST_P(StoreScopes, NewOwnerRestsWhenAllThatIsLeftIsParked) {
  auto lane = acquire();
  send(3, "17");
  const auto claims = fetch(*lane, 3);
  settle(*lane, {failed(claims[0]), verdict(claims[1], Verdict::parked), verdict(claims[2], Verdict::parked)},
         {{ScopeChange::Kind::block, {"orders.*", "17"}, claims[0].ticket}});
  take_over(lane);
  // Some stores hand them out again, to be parked anew.
  for (auto again = fetch_some(*lane, 10); !again.empty(); again = fetch_some(*lane, 10)) {
    std::vector<Settlement> parked;
    for (const auto& claimed : again) parked.push_back(verdict(claimed, Verdict::parked));
    settle(*lane, parked);
  }
  int news = 0;
  for (const auto deadline = Deadline::after(std::chrono::milliseconds{500}); !deadline.passed();) {
    const auto told = lane->await(deadline, -1);
    ASSERT_TRUE(told) << told.error().message();
    if (!*told) continue;
    ++news;
    EXPECT_TRUE(fetch_some(*lane, 10).empty());
  }
  EXPECT_LE(news, 5);
}

TEST_P(StoreScopes, WholeRouteWaitsWithAllItsKeys) {
  auto lane = acquire();
  send(2, "a");
  send(2, "b");
  const auto claims = fetch(*lane, 4);
  // The second was in flight already and is confirmed although its route is blocked.
  settle(*lane,
         {retry(claims[0], 100, true), confirmed(claims[1]), verdict(claims[2], Verdict::parked),
          verdict(claims[3], Verdict::parked)},
         {{ScopeChange::Kind::block, by_route, claims[0].ticket}});
  settle(*lane, {confirmed(due(*lane, 100)[0])});
  EXPECT_THAT(released(*lane, 100), ElementsAre(by_route));
  const auto waiting = backlog(*lane, by_route);
  EXPECT_THAT(payloads(waiting), ElementsAre("1", "2"));
  for (const auto& claimed : waiting) EXPECT_EQ(claimed.message->key, Key{"b"});
}

TEST_P(StoreScopes, StoppedRouteIsHeldByItsFailedMessageAndNotByHeadsThatWaitForIt) {
  auto lane = acquire();
  send(1, "a");
  send(1, "b");
  const auto claims = fetch(*lane, 2);
  auto stopper = failed(claims[0]);
  stopper.blocks = true;
  auto head = retry(claims[1], 1'000'000'000, true);
  head.reason = "route_stopped";
  settle(*lane, {stopper, head}, {{ScopeChange::Kind::block, by_route, claims[0].ticket}});
  auto found = lane->due(LaneTime{0}, {});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_THAT(found->released, IsEmpty());
  EXPECT_FALSE(found->waiting);
  const std::vector<Ticket> tickets{stopper.ticket};
  ASSERT_TRUE(store().drop(tickets, "ann", ""));
  EXPECT_THAT(released(*lane, 0), ElementsAre(by_route));
}

TEST_P(StoreScopes, ScopesOfTwoKeysAreApart) {
  auto lane = acquire();
  block(*lane, 2, by_key);
  const Scope other{"orders.*", "other"};
  block(*lane, 3, other);
  EXPECT_EQ(payloads(backlog(*lane, by_key)).size(), 1U);
  EXPECT_EQ(payloads(backlog(*lane, other)).size(), 2U);
  take_over(lane);
  EXPECT_THAT(lane->state().blocked, testing::UnorderedElementsAre(by_key, other));
}

TEST_P(StoreScopes, BacklogKeepsWithinTheLimit) {
  auto lane = acquire();
  block(*lane, 6, by_key);
  auto first = lane->backlog(by_key, {2, 1000});
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_THAT(payloads(first->messages), ElementsAre("2", "3"));
  EXPECT_TRUE(first->more);
  EXPECT_THAT(payloads(backlog(*lane, by_key)), ElementsAre("4", "5", "6"));
}

TEST_P(StoreScopes, MessageParkedBehindNothingIsNotLost) {
  auto lane = acquire();
  send(1, "k");
  settle(*lane, {verdict(fetch(*lane, 1)[0], Verdict::parked)}, {}, 10);
  EXPECT_EQ(count_sending(), 1U);
  EXPECT_THAT(payloads(due(*lane, 10)), ElementsAre("1"));
}

TEST_P(StoreScopes, ExplainNamesWhatAMessageWaitsFor) {
  auto lane = acquire();
  send_row({.id = "blocker", .key = "k"});
  send_row({.id = "waiting", .key = "k"});
  const auto claims = fetch(*lane, 2);
  settle(*lane, {retry(claims[0], 100, true), verdict(claims[1], Verdict::parked)},
         {{ScopeChange::Kind::block, by_key, claims[0].ticket}});
  auto found = store().locate(MessageId{"waiting"});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->place, store::Whereabouts::Place::outbox);
  ASSERT_TRUE(found->blocked_by);
  EXPECT_EQ(*found->blocked_by, by_key);
  EXPECT_EQ(found->blocking_id, "blocker");
  EXPECT_FALSE(found->claimed);
  auto counts = store().counts();
  ASSERT_TRUE(counts) << counts.error().message();
  EXPECT_EQ(counts->blocked_scopes, 1U);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreScopes, testing::Values("memory", "sqlite", "postgresql", "mysql", "redis"),
                         [](const auto& kind) { return std::string{kind.param}; });

}  // namespace
}  // namespace waybill::contract
