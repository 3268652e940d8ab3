/// P1, P2 and P7 where PostgreSQL is special: commits in another order than numbers, transactions that stay open,
/// and commits that are visible before they are durable.

#include <gmock/gmock.h>

#include <map>

#include "postgresql_database.hpp"

namespace waybill::contract {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;

class PostgresqlSlices : public PostgresqlDatabase {
 protected:
  static std::string insert(int number) {
    return "INSERT INTO waybill.outbox (topic, payload) VALUES ('orders.created', '" + std::to_string(number) + "')";
  }
};

TEST_F(PostgresqlSlices, P1_CommitsInReverseOrderAreAllReadOnce) {
  auto lane = acquire();
  auto first = session();
  auto second = session();
  auto third = session();
  first.run("BEGIN; " + insert(1));
  second.run("BEGIN; " + insert(2));
  third.run("BEGIN; " + insert(3));
  third.run("COMMIT");
  EXPECT_EQ(payloads(fetch(*lane, 1)), numbers(3, 1));
  second.run("COMMIT");
  EXPECT_EQ(payloads(fetch(*lane, 1)), numbers(2, 1));
  first.run("COMMIT");
  EXPECT_EQ(payloads(fetch(*lane, 1)), numbers(1, 1));
}

TEST_F(PostgresqlSlices, P1_LateCommitOfAnOldTransactionIsReadAfterThousandsOfOthers) {
  auto lane = acquire();
  auto old = session();
  old.run("BEGIN; SAVEPOINT s; " + insert(1) + "; SAVEPOINT t; " + insert(2) + "; ROLLBACK TO t");
  send(100, 5000);
  confirm(*lane, fetch(*lane, 5000));
  old.run(insert(3));
  send(6000, 2000);
  confirm(*lane, fetch(*lane, 2000));
  old.run("COMMIT");
  send(9000, 1);
  EXPECT_THAT(payloads(fetch(*lane, 3)), ElementsAreArray({"1", "3", "9000"}));
}

TEST_F(PostgresqlSlices, P1_LateCommitAfterATakeoverIsNotLost) {
  auto lane = acquire();
  auto old = session();
  old.run("BEGIN; " + insert(1));
  send(100, 3000);
  confirm(*lane, fetch(*lane, 3000));
  lane.reset();
  lane = acquire();
  EXPECT_THAT(fetch(*lane, 0), IsEmpty());
  old.run("COMMIT");
  EXPECT_EQ(payloads(fetch(*lane, 1)), numbers(1, 1));
}

TEST_F(PostgresqlSlices, P7_OldOpenTransactionLeavesNoDeadRowInTheOutbox) {
  auto lane = acquire();
  auto old = session();
  old.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_current_xact_id(); SELECT count(*) FROM waybill.outbox");
  for (int round = 0; round < 20; ++round) {
    send(round * 200, 200);
    confirm(*lane, fetch(*lane, 200));
  }
  run("SELECT pg_stat_force_next_flush()");
  EXPECT_EQ(
      run("SELECT sum(n_dead_tup + n_tup_upd + n_tup_del) FROM pg_stat_user_tables WHERE relname LIKE 'outbox_p%'"),
      "0");
}

TEST_F(PostgresqlSlices, P2_AsynchronousCommitIsHandedOutOnlyWhenItIsFlushed) {
  auto lane = acquire();
  auto service = session();
  service.run("SET synchronous_commit = off");
  for (int i = 1; i <= 20; ++i) {
    service.run(insert(i));
    const auto committed = service.run("SELECT pg_current_wal_insert_lsn()");
    EXPECT_EQ(payloads(fetch(*lane, 1)), numbers(i, 1));
    EXPECT_EQ(service.run("SELECT pg_current_wal_flush_lsn() >= '" + committed + "'"), "t");
  }
}

TEST_F(PostgresqlSlices, P2_RolledBackAndAbortedIsNeverHandedOut) {
  auto lane = acquire();
  auto service = session();
  service.run("BEGIN; " + insert(1) + "; ROLLBACK");
  EXPECT_TRUE(service.fails("BEGIN; " + insert(2) + "; SELECT 1 / 0"));
  service.run("ROLLBACK");
  service.run(insert(3));
  EXPECT_EQ(payloads(fetch(*lane, 1)), numbers(3, 1));
}

TEST_F(PostgresqlSlices, SeveralLanesShareTheMessagesAndKeepAKeyTogether) {
  StoreConfig config = store().config();
  run("DROP SCHEMA waybill CASCADE");
  config.lanes = 3;
  auto opened = store::open_store(config);
  ASSERT_TRUE(opened);
  ASSERT_TRUE((*opened)->migrate());
  ASSERT_EQ(*(*opened)->lanes(), 3U);
  run("INSERT INTO waybill.outbox (topic, key, payload) SELECT 'orders.created', CASE WHEN n % 2 = 0 THEN (n % "
      "20)::text END, "
      "n::text::bytea FROM generate_series(1, 600) n");
  std::size_t total = 0;
  std::map<std::string, std::uint32_t> lane_of_key;
  for (std::uint32_t number = 0; number < 3; ++number) {
    auto lane = (*opened)->acquire(number, "test:1");
    ASSERT_TRUE(lane) << lane.error().message();
    auto fetched = (*lane)->fetch({});
    ASSERT_TRUE(fetched) << fetched.error().message();
    EXPECT_GT(fetched->messages.size(), 50U);
    total += fetched->messages.size();
    for (const auto& claimed : fetched->messages) {
      if (!claimed.message->key) continue;
      const auto [entry, is_new] = lane_of_key.emplace(claimed.message->key->str(), number);
      EXPECT_EQ(entry->second, number);
    }
  }
  EXPECT_EQ(total, 600U);
}

}  // namespace
}  // namespace waybill::contract
