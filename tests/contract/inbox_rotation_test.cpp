// PostgreSQL frees marks by generations: a mark must stay unique while one generation follows the other, at every level
// of isolation and whoever holds a transaction open (faults.md, cases 33 and 36).

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <random>
#include <thread>
#include <vector>

#include "core/uuid.hpp"
#include "inbox_rig.hpp"

namespace waybill::test {
namespace {

Mark mark_of(const std::string& unique_id, const std::string& message_id = "") {
  return {"inventory", unique_id, "1", "", message_id, 0};
}

class InboxRotation : public testing::Test {
 protected:
  void SetUp() override {
    database_ = make_postgresql_inbox();
    ASSERT_NE(database_, nullptr) << "no PostgreSQL: run the tests by `make test` or `tools/services run`";
    session_ = database_->connect();
  }
  bool rotate() { return *session_->run("SELECT waybill.inbox_rotate()") == "t"; }
  void mark(const Mark& mark) {
    ASSERT_TRUE(session_->begin());
    ASSERT_EQ(*session_->once(mark), Once::fresh);
    ASSERT_TRUE(session_->commit());
  }
  /// Polls until some connection of this database waits for a lock.
  void await_waiter() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (*session_->run("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                          "wait_event_type = 'Lock'") == "0") {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nobody waits for the open mark";
      std::this_thread::yield();
    }
  }

  std::unique_ptr<InboxDatabase> database_;
  std::unique_ptr<InboxSession> session_;
};

TEST_F(InboxRotation, MarkOpenAcrossARotationIsWaitedFor) {
  auto first = database_->connect();
  ASSERT_TRUE(first->begin());
  ASSERT_EQ(*first->once(mark_of("apple")), Once::fresh);
  ASSERT_TRUE(rotate());
  EXPECT_FALSE(rotate()) << "not before the open transaction has ended";
  auto second = database_->connect();
  ASSERT_TRUE(second->begin());
  auto answer = std::async(std::launch::async, [&] { return second->once(mark_of("apple")); });
  await_waiter();
  ASSERT_TRUE(first->commit());
  EXPECT_EQ(*answer.get(), Once::duplicate);
  ASSERT_TRUE(second->commit());
  EXPECT_TRUE(rotate());
}

TEST_F(InboxRotation, MarkOpenAcrossARotationIsFreeAgainWhenItIsRolledBack) {
  auto first = database_->connect();
  ASSERT_TRUE(first->begin());
  ASSERT_EQ(*first->once(mark_of("apple")), Once::fresh);
  ASSERT_TRUE(rotate());
  auto second = database_->connect();
  ASSERT_TRUE(second->begin());
  auto answer = std::async(std::launch::async, [&] { return second->once(mark_of("apple")); });
  await_waiter();
  ASSERT_TRUE(first->rollback());
  EXPECT_EQ(*answer.get(), Once::fresh);
  ASSERT_TRUE(second->commit());
}

TEST_F(InboxRotation, TransactionThatBeganBeforeSeesWhatTheNextGenerationHolds) {
  auto slow = database_->connect();
  ASSERT_TRUE(slow->begin());
  ASSERT_TRUE(slow->run("SELECT pg_current_xact_id()"));
  ASSERT_TRUE(rotate());
  mark(mark_of("apple"));
  EXPECT_EQ(*slow->once(mark_of("apple")), Once::duplicate);
  EXPECT_EQ(*slow->once(mark_of("pear")), Once::fresh);
  ASSERT_TRUE(slow->commit());
}

TEST_F(InboxRotation, OldSnapshotNeverTakesADoneEffectForNew) {
  for (const auto* level : {"REPEATABLE READ", "SERIALIZABLE"}) {
    const auto name = std::string{"apple "} + level;
    auto old = database_->connect();
    ASSERT_TRUE(old->run(std::string{"BEGIN ISOLATION LEVEL "} + level));
    ASSERT_TRUE(old->run("SELECT count(*) FROM waybill.inbox_bound"));
    mark(mark_of(name));
    ASSERT_TRUE(rotate());
    mark(mark_of(name + " later"));
    const auto answer = old->once(mark_of(name));
    ASSERT_FALSE(answer) << to_string(*answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::busy) << answer.error().message();
    ASSERT_TRUE(old->rollback());
    ASSERT_TRUE(old->run(std::string{"BEGIN ISOLATION LEVEL "} + level));
    EXPECT_EQ(*old->once(mark_of(name)), Once::duplicate);
    ASSERT_TRUE(old->commit());
  }
}

TEST_F(InboxRotation, OldSnapshotNeverTakesAPurgedMarkForNew) {
  const auto id = make_uuid7();
  mark(mark_of("apple", id));
  database_->age(100);
  auto old = database_->connect();
  ASSERT_TRUE(old->run("BEGIN ISOLATION LEVEL REPEATABLE READ"));
  ASSERT_TRUE(old->run("SELECT count(*) FROM waybill.inbox_bound"));
  ASSERT_EQ(*session_->purge("*", 50), 1u);
  const auto answer = old->once(mark_of("apple", id));
  ASSERT_FALSE(answer) << to_string(*answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::busy) << answer.error().message();
  ASSERT_TRUE(old->rollback());
}

TEST_F(InboxRotation, PreparedTransactionHoldsTheRotationAndBlocksNobodyElse) {
  ASSERT_NE(*session_->run("SHOW max_prepared_transactions"), "0")
      << "start the server with max_prepared_transactions above 0, as tools/services does";
  auto prepared = database_->connect();
  ASSERT_TRUE(prepared->begin());
  ASSERT_EQ(*prepared->once(mark_of("apple")), Once::fresh);
  ASSERT_TRUE(prepared->run("PREPARE TRANSACTION 'inbox'"));
  ASSERT_TRUE(rotate());
  mark(mark_of("pear"));
  EXPECT_FALSE(rotate());
  ASSERT_TRUE(prepared->run("COMMIT PREPARED 'inbox'"));
  EXPECT_TRUE(rotate());
}

TEST_F(InboxRotation, SnapshotThatTwoRotationsHavePassedByMustTryAgain) {
  auto old = database_->connect();
  ASSERT_TRUE(old->run("BEGIN ISOLATION LEVEL REPEATABLE READ"));
  ASSERT_TRUE(old->run("SELECT count(*) FROM waybill.inbox_bound"));
  mark(mark_of("apple"));
  ASSERT_TRUE(rotate());
  ASSERT_TRUE(rotate());
  const auto answer = old->once(mark_of("apple"));
  ASSERT_FALSE(answer) << "the effect was done after the snapshot: it must not be taken for new";
  EXPECT_EQ(answer.error().code(), ErrorCode::busy) << answer.error().message();
}

TEST_F(InboxRotation, BusyGenerationIsLeftAloneAndNobodyWaits) {
  mark(mark_of("apple", make_uuid7()));
  database_->age(100);
  auto reader = database_->connect();
  ASSERT_TRUE(reader->begin());
  ASSERT_TRUE(reader->run("SELECT count(*) FROM waybill.inbox"));
  EXPECT_EQ(*session_->purge("*", 50), 0u);
  ASSERT_TRUE(reader->commit());
  EXPECT_EQ(*session_->purge("*", 50), 1u);
}

/// Consumers at one level of isolation that all mark the same, in the same order.
class Crowd {
 public:
  static constexpr int marks = 50;
  explicit Crowd(int round) : name_("round " + std::to_string(round) + " unique "), fresh_(marks) {}

  void consume(InboxDatabase& database, const std::string& level, unsigned seed) {
    std::mt19937 random{seed};
    auto session = database.connect();
    for (int n = 0; n < marks; ++n) {
      while (!attempt(*session, level, n, random() % 8 == 0)) {
      }
    }
  }
  void check() const {
    for (int n = 0; n < marks; ++n) {
      EXPECT_EQ(fresh_[static_cast<std::size_t>(n)], 1) << "effect of " << name_ << n;
    }
  }

 private:
  bool attempt(InboxSession& session, const std::string& level, int n, bool linger) {
    const auto at = static_cast<std::size_t>(n);
    EXPECT_TRUE(session.run("BEGIN ISOLATION LEVEL " + level));
    if (linger) {
      EXPECT_TRUE(session.run("SELECT count(*) FROM waybill.inbox_bound, pg_sleep(0.005)"));
    }
    const auto answer = session.once(mark_of(name_ + std::to_string(n)));
    if (!answer) {
      EXPECT_EQ(answer.error().code(), ErrorCode::busy) << answer.error().message();
      EXPECT_TRUE(session.rollback());
      return false;
    }
    if (linger) {
      EXPECT_TRUE(session.run("SELECT pg_sleep(0.005)"));
    }
    const auto committed = session.commit();
    if (!committed) return false;
    if (*answer == Once::fresh) ++fresh_[at];
    return true;
  }

  std::string name_;
  std::vector<std::atomic<int>> fresh_;
};

class InboxCrowd : public InboxRotation, public testing::WithParamInterface<const char*> {};

TEST_P(InboxCrowd, OneOfManyDoesEachEffectWhileGenerationsFollowEachOther) {
  int rotations = 0;
  for (int round = 0; round < 12; ++round) {
    Crowd crowd(round);
    std::atomic<int> working{4};
    std::vector<std::thread> consumers;
    for (unsigned n = 0; n < 4; ++n) {
      consumers.emplace_back([&, n] {
        crowd.consume(*database_, GetParam(), static_cast<unsigned>(round) * 4 + n);
        --working;
      });
    }
    while (working > 0) {
      rotations += rotate() ? 1 : 0;
      ASSERT_TRUE(session_->run("SELECT pg_sleep(0.002 + random() / 50)"));
    }
    for (auto& consumer : consumers) consumer.join();
    crowd.check();
    // Makes room in the ring for the next round.
    for (int step = 0; step < 3; ++step) {
      rotate();
      ASSERT_TRUE(session_->purge("*", 0));
    }
  }
  EXPECT_GE(rotations, 12) << "too few to have met the marks";
}

INSTANTIATE_TEST_SUITE_P(, InboxCrowd, testing::Values("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"),
                         [](const auto& level) {
                           std::string name = level.param;
                           for (auto& letter : name) letter = letter == ' ' ? '_' : letter;
                           return name;
                         });

}  // namespace
}  // namespace waybill::test
