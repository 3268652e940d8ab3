// What the guards of the inbox promise, on every database alike (faults.md, cases 32, 33 and 36).

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "core/uuid.hpp"
#include "inbox_rig.hpp"

namespace waybill::test {
namespace {

struct Kind {
  const char* name;
  std::unique_ptr<InboxDatabase> (*make)();
};

Mark mark_of(const std::string& unique_id, const std::string& digest = "", const std::string& message_id = "") {
  return {"inventory", unique_id, "order 1 line 1", digest, message_id, 0};
}

class Inbox : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    database_ = GetParam().make();
    if (database_ == nullptr) FAIL() << "no server: run the tests by `make test` or `tools/services run`";
    session_ = database_->connect();
  }

  /// One transaction with one mark.
  Once mark(const Mark& mark) {
    EXPECT_TRUE(session_->begin());
    auto answer = session_->once(mark);
    EXPECT_TRUE(answer) << answer.error().message();
    EXPECT_TRUE(session_->commit());
    return answer ? *answer : Once::conflict;
  }

  std::unique_ptr<InboxDatabase> database_;
  std::unique_ptr<InboxSession> session_;
};

TEST_P(Inbox, FirstArrivalIsNewAndEveryFurtherOneADuplicate) {
  EXPECT_EQ(mark(mark_of("apple")), Once::fresh);
  EXPECT_EQ(mark(mark_of("apple")), Once::duplicate);
  EXPECT_EQ(mark(mark_of("apple", "digest")), Once::duplicate);
  EXPECT_EQ(mark(mark_of("pear")), Once::fresh);
}

TEST_P(Inbox, SecondMarkInTheSameTransactionIsADuplicate) {
  ASSERT_TRUE(session_->begin());
  EXPECT_EQ(*session_->once(mark_of("apple")), Once::fresh);
  EXPECT_EQ(*session_->once(mark_of("apple")), Once::duplicate);
  ASSERT_TRUE(session_->commit());
}

TEST_P(Inbox, ConsumersAndFingerprintsAreApart) {
  EXPECT_EQ(mark({"inventory", "apple", "1", "", "", 0}), Once::fresh);
  EXPECT_EQ(mark({"logistics", "apple", "1", "", "", 0}), Once::fresh);
  EXPECT_EQ(mark({"inventory", "apple", "2", "", "", 0}), Once::fresh);
}

TEST_P(Inbox, RolledBackMarkWasNeverMade) {
  ASSERT_TRUE(session_->begin());
  EXPECT_EQ(*session_->once(mark_of("apple")), Once::fresh);
  ASSERT_TRUE(session_->rollback());
  EXPECT_EQ(mark(mark_of("apple")), Once::fresh);
}

TEST_P(Inbox, MarkRolledBackToASavepointWasNeverMade) {
  ASSERT_TRUE(session_->begin());
  ASSERT_TRUE(session_->run("SAVEPOINT a"));
  EXPECT_EQ(*session_->once(mark_of("apple")), Once::fresh);
  ASSERT_TRUE(session_->run("ROLLBACK TO a"));
  EXPECT_EQ(*session_->once(mark_of("apple")), Once::fresh);
  ASSERT_TRUE(session_->commit());
  EXPECT_EQ(mark(mark_of("apple")), Once::duplicate);
}

TEST_P(Inbox, OtherContentIsAConflictAndBothVersionsAreKept) {
  EXPECT_EQ(mark(mark_of("apple", "one", "message-1")), Once::fresh);
  EXPECT_EQ(mark(mark_of("apple", "two", "message-2")), Once::conflict);
  EXPECT_EQ(mark(mark_of("apple", "two", "message-2")), Once::conflict);
  auto inspection = inbox::open_inspection(database_->config());
  ASSERT_TRUE(inspection) << inspection.error().message();
  auto conflicts = (*inspection)->conflicts({});
  ASSERT_TRUE(conflicts) << conflicts.error().message();
  ASSERT_EQ(conflicts->size(), 1u) << "a conflict that comes again is the same one";
  EXPECT_EQ((*conflicts)[0].kept_digest, "one");
  EXPECT_EQ((*conflicts)[0].kept_message_id, "message-1");
  EXPECT_EQ((*conflicts)[0].digest, "two");
  EXPECT_EQ((*conflicts)[0].message_id, "message-2");
  EXPECT_GT((*conflicts)[0].kept_ms, 0);
}

TEST_P(Inbox, RefusesWithoutATransaction) {
  const auto answer = session_->once(mark_of("apple"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::refused);
  const auto version = session_->bump_version({"stock", "id", "version", "1", 1});
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().code(), ErrorCode::refused);
}

TEST_P(Inbox, NamesThePartOfAMarkThatIsAtFault) {
  ASSERT_TRUE(session_->begin());
  const auto empty = session_->once({"inventory", "", "1", "", "", 0});
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().message().find("unique_id"), std::string::npos);
  const auto nul = session_->once({"inventory", "apple", std::string("a\0b", 3), "", "", 0});
  ASSERT_FALSE(nul);
  EXPECT_NE(nul.error().message().find("fingerprint"), std::string::npos);
  const auto longer = session_->once({std::string(256, 'c'), "apple", "1", "", "", 0});
  ASSERT_FALSE(longer);
  EXPECT_NE(longer.error().message().find("consumer"), std::string::npos);
  EXPECT_TRUE(session_->once({std::string(255, 'c'), std::string(255, 'u'), std::string(255, 'f'), "", "", 0}));
  ASSERT_TRUE(session_->commit());
}

TEST_P(Inbox, MissingTablesSayMigrate) {
  const bool has_schema = database_->prefix() == "waybill.";
  ASSERT_TRUE(session_->run(has_schema ? "DROP SCHEMA waybill CASCADE" : "DROP TABLE waybill_inbox"));
  ASSERT_TRUE(session_->begin());
  const auto answer = session_->once(mark_of("apple"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::missing_schema) << answer.error().message();
  EXPECT_NE(answer.error().message().find("waybill migrate"), std::string::npos);
}

// Purging -------------------------------------------------------------------------------------------------------------

TEST_P(Inbox, PurgedMarkAnswersExpiredNeverNew) {
  const auto old_id = make_uuid7();
  EXPECT_EQ(mark(mark_of("apple", "", old_id)), Once::fresh);
  database_->age(100);
  EXPECT_EQ(*session_->purge("*", 1000), 0u);
  EXPECT_EQ(mark(mark_of("apple", "", old_id)), Once::duplicate) << "still within the retention";
  EXPECT_EQ(*session_->purge("*", 50), 1u);
  EXPECT_EQ(mark(mark_of("apple", "", old_id)), Once::expired);
  EXPECT_EQ(mark(mark_of("pear", "", old_id)), Once::expired) << "as old as the forgotten mark: can't be told";
  EXPECT_EQ(mark(mark_of("apple", "", "not a UUIDv7")), Once::fresh) << "of unknown age counts as young";
}

TEST_P(Inbox, YoungMessageIsNewAfterAPurge) {
  EXPECT_EQ(mark(mark_of("apple", "", make_uuid7())), Once::fresh);
  database_->age(100);
  EXPECT_EQ(*session_->purge("*", 50), 1u);
  const auto before = make_uuid7();
  while (make_uuid7().substr(0, 13) == before.substr(0, 13)) {  // the next millisecond
  }
  EXPECT_EQ(mark(mark_of("pear", "", make_uuid7())), Once::fresh);
}

TEST_P(Inbox, StoredTimeTellsTheAgeWhenTheIdDoesNot) {
  auto old = mark_of("apple", "", "order-1");
  old.persisted_at_ms = 1'700'000'000'000;
  EXPECT_EQ(mark(old), Once::fresh);
  database_->age(100);
  EXPECT_EQ(*session_->purge("*", 50), 1u);
  EXPECT_EQ(mark(old), Once::expired);
  old.persisted_at_ms += 1;
  EXPECT_EQ(mark(old), Once::fresh);
}

TEST_P(Inbox, FarFutureIdNeitherExpiresOthersNorIsExpired) {
  const std::string future = "ffffffff-ffff-7fff-bfff-ffffffffffff";
  EXPECT_EQ(mark(mark_of("apple", "", future)), Once::fresh);
  EXPECT_EQ(mark(mark_of("apple", "", future)), Once::duplicate);
  database_->age(100);
  EXPECT_EQ(*session_->purge("*", 50), 1u);
  const auto before = make_uuid7();
  while (make_uuid7().substr(0, 13) == before.substr(0, 13)) {  // the next millisecond
  }
  EXPECT_EQ(mark(mark_of("pear", "", make_uuid7())), Once::fresh);
}

TEST_P(Inbox, PurgeTouchesOnlyTheConsumersThatMatch) {
  const auto id = make_uuid7();
  EXPECT_EQ(mark({"inventory", "apple", "1", "", id, 0}), Once::fresh);
  EXPECT_EQ(mark({"logistics", "apple", "1", "", id, 0}), Once::fresh);
  database_->age(100);
  ASSERT_TRUE(session_->purge("inv*", 50));
  EXPECT_EQ(mark({"logistics", "apple", "1", "", id, 0}), Once::duplicate);
  EXPECT_EQ(mark({"logistics", "pear", "1", "", id, 0}), Once::fresh);
  EXPECT_NE(mark({"inventory", "apple", "1", "", id, 0}), Once::fresh);
  EXPECT_EQ(mark({"inventory", "pear", "1", "", id, 0}), Once::expired);
}

TEST_P(Inbox, PurgeIsRefusedInsideATransaction) {
  ASSERT_TRUE(session_->begin());
  EXPECT_EQ(session_->purge("*", 1).error().code(), ErrorCode::refused);
  ASSERT_TRUE(session_->rollback());
  EXPECT_EQ(session_->purge("*", -1).error().code(), ErrorCode::invalid_argument);
}

// Side by side --------------------------------------------------------------------------------------------------------

TEST_P(Inbox, OfManyConsumersWithTheSameMarkOneDoesTheEffect) {
  constexpr int rounds = 40;
  ASSERT_TRUE(session_->run("CREATE TABLE effect (n INTEGER)"));
  std::atomic<int> fresh{0}, duplicate{0};
  const auto consume = [&] {
    auto session = database_->connect();
    for (int n = 0; n < rounds; ++n) {
      ASSERT_TRUE(session->begin());
      const auto answer = session->once(mark_of("unique " + std::to_string(n)));
      ASSERT_TRUE(answer) << answer.error().message();
      if (*answer == Once::fresh) {
        ++fresh;
        ASSERT_TRUE(session->run("INSERT INTO effect VALUES (" + std::to_string(n) + ")"));
      } else {
        ASSERT_EQ(*answer, Once::duplicate);
        ++duplicate;
      }
      ASSERT_TRUE(session->commit());
    }
  };
  std::vector<std::thread> consumers;
  for (int n = 0; n < 4; ++n) consumers.emplace_back(consume);
  for (auto& consumer : consumers) consumer.join();
  EXPECT_EQ(fresh, rounds);
  EXPECT_EQ(duplicate, 3 * rounds);
  EXPECT_EQ(*session_->run("SELECT count(*) FROM effect"), std::to_string(rounds));
}

// The guard version ---------------------------------------------------------------------------------------------------

TEST_P(Inbox, VersionAppliesOnceAndIsStaleAfterwards) {
  ASSERT_TRUE(session_->run("CREATE TABLE stock (id INTEGER PRIMARY KEY, version BIGINT NOT NULL, units INTEGER)"));
  ASSERT_TRUE(session_->run("INSERT INTO stock VALUES (7, 1, 10)"));
  ASSERT_TRUE(session_->begin());
  EXPECT_EQ(*session_->bump_version({"stock", "id", "version", "7", 1}), Version::applied);
  EXPECT_EQ(*session_->bump_version({"stock", "id", "version", "7", 1}), Version::stale);
  EXPECT_EQ(*session_->bump_version({"stock", "id", "version", "8", 1}), Version::stale);
  ASSERT_TRUE(session_->commit());
  EXPECT_EQ(*session_->run("SELECT version FROM stock"), "2");
}

TEST_P(Inbox, VersionTakesNamesOnly) {
  for (const auto* name : {"", "1a", "a b", "a;DROP TABLE stock", "a\"b", "a.b.c", "a[b]"}) {
    ASSERT_TRUE(session_->begin());
    const auto answer = session_->bump_version({name, "id", "version", "1", 1});
    ASSERT_FALSE(answer) << name;
    EXPECT_EQ(answer.error().code(), ErrorCode::invalid_argument);
    ASSERT_TRUE(session_->rollback());
  }
  ASSERT_TRUE(session_->begin());
  EXPECT_EQ(session_->bump_version({"nowhere", "id", "version", "1", 1}).error().code(), ErrorCode::not_found);
  ASSERT_TRUE(session_->rollback());
}

// What tools see ------------------------------------------------------------------------------------------------------

TEST_P(Inbox, InspectionCountsConsumersAndHandsOutMarks) {
  EXPECT_EQ(mark({"inventory", "apple", "1", "x", "message-1", 0}), Once::fresh);
  EXPECT_EQ(mark({"inventory", "pear", "1", "x", "message-2", 0}), Once::fresh);
  EXPECT_EQ(mark({"logistics", "apple", "1", "x", "", 0}), Once::fresh);
  EXPECT_EQ(mark({"logistics", "apple", "1", "y", "", 0}), Once::conflict);
  auto inspection = inbox::open_inspection(database_->config());
  ASSERT_TRUE(inspection);
  auto consumers = (*inspection)->consumers();
  ASSERT_TRUE(consumers) << consumers.error().message();
  ASSERT_EQ(consumers->size(), 2u);
  EXPECT_EQ((*consumers)[0].consumer, "inventory");
  EXPECT_EQ((*consumers)[0].marks, 2u);
  EXPECT_TRUE((*consumers)[0].oldest_kept_ms.has_value());
  EXPECT_FALSE((*consumers)[0].bound_ms.has_value());
  EXPECT_EQ((*consumers)[1].conflicts, 1u);
  std::vector<std::string> ids;
  auto count = (*inspection)->consumed("inventory", 0, [&](const inbox::Consumed& consumed) {
    ids.push_back(consumed.message_id);
    return true;
  });
  ASSERT_TRUE(count) << count.error().message();
  EXPECT_EQ(*count, 2u);
  EXPECT_EQ(ids.size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(, Inbox,
                         testing::Values(Kind{"sqlite", make_sqlite_inbox}, Kind{"postgresql", make_postgresql_inbox},
                                         Kind{"mysql", make_mysql_inbox}),
                         [](const auto& kind) { return std::string{kind.param.name}; });

}  // namespace
}  // namespace waybill::test
