/// P7: partitions are freed when all in them is settled, never before, and nobody waits for it.

#include <gmock/gmock.h>

#include "postgresql_database.hpp"

namespace waybill::contract {
namespace {

class PostgresqlTruncation : public PostgresqlDatabase {
 protected:
  /// Lets the next message draw the first number of a later block of the sequence.
  void skip_to_block(int block) {
    run("SELECT setval('waybill.outbox_seq', " + std::to_string(block) + "::bigint << 17)");
  }
  static constexpr auto rows_in_first = "SELECT count(*) FROM waybill.outbox_p0";

  /// Messages 1 to 100 in partition 0; then the sequence goes on far beyond it.
  std::vector<store::Claimed> fill_first(store::Lane& lane) {
    send(1, 100);
    auto claims = fetch(lane, 100);
    skip_to_block(3);
    send(1000, 10);
    confirm(lane, fetch(lane, 10));
    return claims;
  }
  void expect_kept(store::Lane& lane) {
    // Its next looks come within two seconds: a partition that may go would be gone by then.
    const auto deadline = Deadline::after(std::chrono::seconds{5});
    while (!deadline.passed()) ASSERT_TRUE(lane.await(Deadline::after(std::chrono::milliseconds{50}), -1));
    EXPECT_EQ(run(rows_in_first), "100");
  }
};

TEST_F(PostgresqlTruncation, SettledPartitionIsFreed) {
  auto lane = acquire();
  confirm(*lane, fill_first(*lane));
  EXPECT_TRUE(await_answer(*lane, rows_in_first, "0"));
  send(2000, 5);
  EXPECT_EQ(payloads(fetch(*lane, 5)), numbers(2000, 5));
}

TEST_F(PostgresqlTruncation, PartitionWithAMessageInFlightIsKept) {
  auto lane = acquire();
  auto claims = fill_first(*lane);
  const auto open = claims.back();
  claims.pop_back();
  confirm(*lane, claims);
  expect_kept(*lane);
  confirm(*lane, {open});
  EXPECT_TRUE(await_answer(*lane, rows_in_first, "0"));
}

TEST_F(PostgresqlTruncation, PartitionWithAWaitingMessageIsKept) {
  auto lane = acquire();
  run("INSERT INTO waybill.outbox (topic, key, payload) SELECT 'orders.created', 'k', 'x' FROM generate_series(1, "
      "100)");
  auto claims = fetch(*lane, 100);
  store::SettleBatch batch;
  for (const auto& claimed : claims) {
    store::Settlement settlement;
    settlement.ticket = claimed.ticket;
    settlement.route = "orders.*";
    settlement.verdict = store::Verdict::parked;
    batch.messages.push_back(settlement);
  }
  batch.messages.front().verdict = store::Verdict::failed;
  batch.messages.front().blocks = true;
  batch.messages.front().reason = "rejected";
  batch.scopes.push_back({store::ScopeChange::Kind::block, {"orders.*", "k"}, claims.front().ticket});
  ASSERT_TRUE(lane->settle(batch));
  skip_to_block(3);
  send(1000, 10);
  confirm(*lane, fetch(*lane, 10));
  expect_kept(*lane);
  auto backlog = lane->backlog({"orders.*", "k"}, {});
  ASSERT_TRUE(backlog);
  EXPECT_EQ(backlog->messages.size(), 99U);
}

TEST_F(PostgresqlTruncation, P7_TransactionThatInsertedKeepsItsPartitionAndItsMessages) {
  auto lane = acquire();
  auto old = session();
  old.run("BEGIN; INSERT INTO waybill.outbox (topic, payload) VALUES ('orders.created', 'late')");
  confirm(*lane, fill_first(*lane));
  old.run("COMMIT");
  const auto late = fetch(*lane, 1);
  EXPECT_EQ(payloads(late), std::vector<std::string>{"late"});
  confirm(*lane, late);
  EXPECT_TRUE(await_answer(*lane, rows_in_first, "0"));
}

TEST_F(PostgresqlTruncation, P7_OldTransactionElsewhereKeepsNothing) {
  auto lane = acquire();
  auto old = session();
  old.run("BEGIN; SELECT pg_current_xact_id()");
  confirm(*lane, fill_first(*lane));
  EXPECT_TRUE(await_answer(*lane, rows_in_first, "0"));
}

TEST_F(PostgresqlTruncation, P7_DumpThatHoldsTheTablesHoldsUpNeitherInsertsNorTheLane) {
  auto lane = acquire();
  auto dump = session();
  dump.run(
      "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE waybill.outbox, waybill.position_0_a, waybill.position_0_b IN "
      "ACCESS SHARE MODE");
  confirm(*lane, fill_first(*lane));
  auto service = session();
  service.run("SET lock_timeout = '100ms'");
  const auto deadline = Deadline::after(std::chrono::seconds{4});
  for (int i = 0; !deadline.passed(); ++i) {
    service.run("INSERT INTO waybill.outbox (topic, payload) VALUES ('orders.created', '" + std::to_string(i) + "')");
    const auto claims = fetch(*lane, 1);
    confirm(*lane, claims);
    ASSERT_TRUE(lane->await(Deadline::after(std::chrono::milliseconds{20}), -1));
  }
  EXPECT_EQ(run(rows_in_first), "100");
  dump.run("COMMIT");
  EXPECT_TRUE(await_answer(*lane, rows_in_first, "0"));
}

TEST_F(PostgresqlTruncation, P7_RingThatWasNeverFreedTakesInsertsAndLosesNothing) {
  send(1, 3);
  for (int block = 1; block <= 17; ++block) {
    skip_to_block(block);
    send(10 * block, 3);
  }
  auto lane = acquire();
  const auto claims = fetch(*lane, 54);
  std::vector<std::string> wanted = numbers(1, 3);
  for (int block = 1; block <= 17; ++block) {
    for (auto& number : numbers(10 * block, 3)) wanted.push_back(number);
  }
  EXPECT_EQ(payloads(claims), wanted);
  confirm(*lane, claims);
  EXPECT_TRUE(await_answer(*lane, "SELECT count(*) FROM waybill.outbox", "15"));  // in two partitions
}

TEST_F(PostgresqlTruncation, PositionsAreStoredInTwoTablesThatAreEmptiedInTurn) {
  auto lane = acquire();
  auto asking = session();
  const auto stored =
      "SELECT (SELECT count(*) FROM waybill.position_0_a) + (SELECT count(*) FROM waybill.position_0_b)";
  const auto deadline = Deadline::after(std::chrono::seconds{60});
  int written = 0;
  do {
    for (int i = 0; i < 500; ++i, ++written) ASSERT_TRUE(lane->settle({}));
  } while (std::stoi(asking.run(stored)) > written - 500 && !deadline.passed());
  EXPECT_LE(std::stoi(asking.run(stored)), written - 500);
  send(1, 5);
  confirm(*lane, fetch(*lane, 5));
  lane.reset();
  lane = acquire();
  EXPECT_TRUE(fetch(*lane, 0).empty());
}

}  // namespace
}  // namespace waybill::contract
