/// Faults 28 and 30: tables that come from another cluster are refused until they are restamped, and nothing is lost
/// then.

#include <gmock/gmock.h>

#include "postgresql_database.hpp"

namespace waybill::contract {
namespace {

using testing::Each;

class PostgresqlMove : public PostgresqlDatabase {
 protected:
  /// As after a restore in another cluster: the identifier differs.
  void move() { run("UPDATE waybill.meta SET value = '1' WHERE name = 'cluster'"); }
  static std::vector<std::uint32_t> attempts(const std::vector<store::Claimed>& claims) {
    std::vector<std::uint32_t> all;
    for (const auto& claimed : claims) all.push_back(claimed.attempt);
    return all;
  }
};

TEST_F(PostgresqlMove, MovedTablesAreRefusedAndRestampingSendsAllThatIsNotSettled) {
  auto lane = acquire();
  send(1, 10);
  auto claims = fetch(*lane, 10);
  claims.erase(claims.begin(), claims.begin() + 5);
  confirm(*lane, claims);
  send(20, 5);
  lane.reset();
  move();
  auto refused = store().acquire(0, "test:1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::moved_store);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("waybill migrate --restamp"));

  auto waiting = store().restamp();
  ASSERT_TRUE(waiting) << waiting.error().message();
  EXPECT_EQ(*waiting, 10U);
  lane = acquire();
  claims = fetch(*lane, 10);
  auto wanted = numbers(1, 5);
  for (auto& number : numbers(20, 5)) wanted.push_back(number);
  EXPECT_EQ(payloads(claims), wanted);
  EXPECT_THAT(attempts(claims), Each(2U));
}

TEST_F(PostgresqlMove, TransactionThatWasOpenWhenTheLaneReadOnIsNotLost) {
  auto lane = acquire();
  auto open = session();
  open.run("BEGIN; INSERT INTO waybill.outbox (topic, payload) VALUES ('orders.created', 'late')");
  send(1, 10);
  confirm(*lane, fetch(*lane, 10));
  lane.reset();
  open.run("COMMIT");
  move();
  ASSERT_EQ(*store().restamp(), 1U);
  lane = acquire();
  EXPECT_EQ(payloads(fetch(*lane, 1)), std::vector<std::string>{"late"});
}

TEST_F(PostgresqlMove, SequenceThatBeganAgainIsRepaired) {
  auto lane = acquire();
  send(1, 100);
  confirm(*lane, fetch(*lane, 100));
  lane.reset();
  // Logical replication brings rows, but no sequence.
  run("TRUNCATE waybill.outbox; SELECT setval('waybill.outbox_seq', 1, false)");
  send(200, 7);
  move();
  ASSERT_EQ(*store().restamp(), 7U);
  lane = acquire();
  EXPECT_EQ(payloads(fetch(*lane, 7)), numbers(200, 7));
  send(300, 3);
  EXPECT_EQ(payloads(fetch(*lane, 3)), numbers(300, 3));
}

TEST_F(PostgresqlMove, Case29OnANewTimelineAllThatWaitsMayHaveBeenPublished) {
  acquire().reset();
  send(1, 10);
  // As after a failover: the position is the one that the standby had, and says nothing of what came later.
  run("UPDATE waybill.meta SET value = '0000000A' WHERE name = 'timeline_0'");
  for (int takeover = 0; takeover < 2; ++takeover) {
    const auto lane = acquire();
    EXPECT_THAT(attempts(fetch(*lane, 10)), Each(2U)) << "takeover " << takeover;
  }
}

TEST_F(PostgresqlMove, OnTheSameTimelineWhatWasNeverClaimedIsNotFlagged) {
  acquire().reset();
  send(1, 10);
  const auto lane = acquire();
  EXPECT_THAT(attempts(fetch(*lane, 10)), Each(1U));
}

TEST_F(PostgresqlMove, RestampingWhileARelayWorksIsRefused) {
  auto lane = acquire();
  const auto refused = store().restamp();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::busy);
}

TEST_F(PostgresqlMove, NewerTablesAreRefused) {
  run("UPDATE waybill.meta SET value = '99' WHERE name = 'schema_version'");
  const auto refused = store().acquire(0, "test:1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::newer_schema);
}

TEST_F(PostgresqlMove, TransactionsBehindASleepingLaneWakeIt) {
  auto lane = acquire();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(lane->await(Deadline::after(std::chrono::milliseconds{300}), -1));
    send(i, 1);
    auto woken = lane->await(Deadline::after(std::chrono::seconds{20}), -1);
    ASSERT_TRUE(woken) << woken.error().message();
    EXPECT_TRUE(*woken);
    EXPECT_EQ(payloads(fetch(*lane, 1)), numbers(i, 1));
  }
}

}  // namespace
}  // namespace waybill::contract
