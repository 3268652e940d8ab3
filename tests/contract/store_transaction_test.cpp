// What a service's transactions mean to a lane: committed messages come, once and in order; others never do.

#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "store_suite.hpp"

namespace waybill::contract {
namespace {

using testing::ElementsAre;

TEST_P(StoreContract, EmptyStoreHandsOutNothing) {
  auto lane = acquire();
  EXPECT_FALSE(lane->state().unclean);
  EXPECT_FALSE(lane->state().suspect);
  EXPECT_TRUE(lane->state().blocked.empty());
  auto fetched = lane->fetch({});
  ASSERT_TRUE(fetched) << fetched.error().message();
  EXPECT_TRUE(fetched->messages.empty());
  EXPECT_FALSE(fetched->more);
  auto due = lane->due(LaneTime{1'000'000}, {});
  ASSERT_TRUE(due) << due.error().message();
  EXPECT_TRUE(due->messages.empty());
  EXPECT_TRUE(due->released.empty());
  EXPECT_FALSE(due->waiting);
  EXPECT_EQ(count_sending(), 0U);
}

TEST_P(StoreContract, CommittedMessagesComeOnceAndInOrder) {
  auto lane = acquire();
  send(3);
  send(2, "a");
  const auto claims = fetch(*lane, 5);
  EXPECT_THAT(payloads(claims), ElementsAre("1", "2", "3", "1", "2"));
  EXPECT_THAT(attempts(claims), testing::Each(1U));
  std::set<Ticket> tickets;
  for (const auto& claimed : claims) {
    EXPECT_EQ(claimed.origin, Origin::fresh);
    EXPECT_EQ(claimed.wait, Duration::zero());
    EXPECT_EQ(claimed.defect, "");
    EXPECT_GT(claimed.stored_at_ms, 1'600'000'000'000);
    tickets.insert(claimed.ticket);
  }
  EXPECT_EQ(tickets.size(), 5U);
}

TEST_P(StoreContract, PlainInsertGetsAnIdOfItsOwn) {
  auto lane = acquire();
  send(2);
  const auto claims = fetch(*lane, 2);
  ASSERT_EQ(claims.size(), 2U);
  EXPECT_EQ(claims[0].message->id.str().size(), 36U);
  EXPECT_NE(claims[0].message->id, claims[1].message->id);
}

TEST_P(StoreContract, RolledBackTransactionIsNeverFetched) {
  auto lane = acquire();
  send_row({.payload = "before"});
  {
    auto transaction = rig().begin();
    transaction->insert({.payload = "undone"});
    transaction->rollback();
  }
  {
    auto dies_open = rig().begin();
    dies_open->insert({.payload = "undone too"});
  }
  send_row({.payload = "after"});
  EXPECT_THAT(payloads(fetch(*lane, 2)), ElementsAre("before", "after"));
  EXPECT_EQ(count_sending(), 2U);
}

TEST_P(StoreContract, RolledBackSavepointIsNeverFetched) {
  auto lane = acquire();
  auto transaction = rig().begin();
  transaction->insert({.payload = "kept"});
  transaction->savepoint();
  transaction->insert({.payload = "undone"});
  transaction->rollback_to_savepoint();
  transaction->insert({.payload = "kept too"});
  transaction->commit();
  EXPECT_THAT(payloads(fetch(*lane, 2)), ElementsAre("kept", "kept too"));
}

TEST_P(StoreContract, OpenTransactionIsNotFetchedBeforeItsCommit) {
  auto lane = acquire();
  auto transaction = rig().begin();
  transaction->insert({.payload = "later"});
  EXPECT_TRUE(fetch_some(*lane, 10).empty());
  transaction->commit();
  EXPECT_THAT(payloads(fetch(*lane, 1)), ElementsAre("later"));
}

TEST_P(StoreContract, AwaitEndsWithNewsOrAtTheDeadline) {
  auto lane = acquire();
  // What is left over from the acquisition may count as news.
  const auto quiet = Deadline::after(std::chrono::seconds{10});
  while (true) {
    EXPECT_TRUE(fetch_some(*lane, 1).empty());
    auto news = lane->await(Deadline::after(std::chrono::milliseconds{20}), -1);
    ASSERT_TRUE(news) << news.error().message();
    if (!*news) break;
    ASSERT_FALSE(quiet.passed());
  }
  std::thread service{[&] { send(1); }};
  auto claims = Claims{};
  const auto deadline = Deadline::after(std::chrono::seconds{20});
  while (claims.empty() && !deadline.passed()) {
    auto news = lane->await(deadline, -1);
    ASSERT_TRUE(news) << news.error().message();
    claims = fetch_some(*lane, 1);
  }
  service.join();
  EXPECT_EQ(claims.size(), 1U);
}

TEST_P(StoreContract, ConcurrentWritersLoseNothingAndRollBackWhatTheySay) {
  constexpr int writers = 4;
  constexpr int transactions = 50;
  auto lane = acquire();
  std::vector<std::thread> services;
  for (int writer = 0; writer < writers; ++writer) {
    services.emplace_back([this, writer] {
      for (int number = 0; number < transactions; ++number) {
        auto transaction = rig().begin();
        const auto name = std::to_string(writer) + "/" + std::to_string(number);
        const bool undone = number % 5 == 4;
        transaction->insert({.key = std::to_string(writer), .payload = (undone ? "undone " : "") + name});
        undone ? transaction->rollback() : transaction->commit();
      }
    });
  }
  std::multiset<std::string> seen;
  std::map<std::string, int> last_of_key;
  const std::size_t expected = writers * transactions * 4 / 5;
  const auto deadline = Deadline::after(std::chrono::seconds{60});
  while (seen.size() < expected && !deadline.passed()) {
    const auto claims = fetch_some(*lane, 7);
    for (const auto& claimed : claims) {
      const auto& payload = claimed.message->payload;
      seen.insert(payload);
      const int number = std::stoi(payload.substr(payload.find('/') + 1));
      const auto& key = claimed.message->key->str();
      EXPECT_LE(last_of_key.emplace(key, -1).first->second, number) << "out of order: " << payload;
      last_of_key[key] = number;
    }
    confirm(*lane, claims);
    if (claims.empty()) {
      ASSERT_TRUE(lane->await(Deadline::after(std::chrono::milliseconds{100}), -1));
    }
  }
  for (auto& service : services) service.join();
  EXPECT_EQ(seen.size(), expected);
  EXPECT_EQ((std::set<std::string>{seen.begin(), seen.end()}.size()), expected) << "something came twice";
  for (const auto& payload : seen) EXPECT_EQ(payload.find("undone"), std::string::npos);
  EXPECT_TRUE(fetch_some(*lane, 1).empty());
  EXPECT_EQ(count_sending(), 0U);
}

TEST_P(ConcurrentStoreContract, ReverseCommitOrderSkipsNeither) {
  auto lane = acquire();
  auto first = rig().begin();
  auto second = rig().begin();
  first->insert({.payload = "first to insert"});
  second->insert({.payload = "first to commit"});
  second->commit();
  const auto early = fetch(*lane, 1);
  EXPECT_THAT(payloads(early), ElementsAre("first to commit"));
  confirm(*lane, early);
  first->commit();
  EXPECT_THAT(payloads(fetch(*lane, 1)), ElementsAre("first to insert"));
}

TEST_P(ConcurrentStoreContract, LateCommitIsNotLostAtATakeover) {
  auto lane = acquire();
  auto slow = rig().begin();
  slow->insert({.payload = "slow"});
  send(5);
  confirm(*lane, fetch(*lane, 5));
  take_over(lane);
  send(5);
  confirm(*lane, fetch(*lane, 5));
  stop_cleanly(lane);
  slow->commit();
  lane = acquire();
  EXPECT_THAT(payloads(fetch(*lane, 1)), ElementsAre("slow"));
}

TEST_P(ConcurrentStoreContract, OldOpenTransactionHoldsUpNobody) {
  auto lane = acquire();
  auto old = rig().begin();
  old->insert({.payload = "old"});
  for (int round = 0; round < 30; ++round) {
    send(20);
    confirm(*lane, fetch(*lane, 20));
  }
  old->commit();
  EXPECT_THAT(payloads(fetch(*lane, 1)), ElementsAre("old"));
}

}  // namespace
}  // namespace waybill::contract
