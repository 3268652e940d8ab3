// What is special to SQLite: files, versions, full disks, plain SQL in its own way, and death at every write.

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "faulty_vfs.hpp"
#include "store/store.hpp"

namespace waybill::contract {
namespace {

using store::SettleBatch;
using store::Settlement;
using store::Verdict;
using testing::HasSubstr;

class SqliteStore : public testing::Test {
 protected:
  void SetUp() override {
    FaultyVfs::install();
    std::string name = std::filesystem::temp_directory_path() / "waybill-sqlite-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    store_ = open();
  }
  void TearDown() override {
    FaultyVfs::set_disk_full(false);
    store_.reset();
    std::error_code ignored;
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string path() const { return folder_ / "outbox.db"; }

  std::unique_ptr<store::Store> open(std::uint32_t lanes = 1) {
    StoreConfig config;
    config.name = "shop";
    config.url = Secret{"sqlite://" + path()};
    config.lanes = lanes;
    auto opened = store::open_store(config);
    EXPECT_TRUE(opened) << opened.error().message();
    return std::move(*opened);
  }

  void migrate() {
    auto migrated = store_->migrate();
    ASSERT_TRUE(migrated) << migrated.error().message();
  }

  /// Runs SQL as another program would; gives SQLite's result code.
  int sql(const std::string& text, sqlite3* connection = nullptr) {
    sqlite3* own = connection;
    if (own == nullptr) sqlite3_open(path().c_str(), &own);
    sqlite3_busy_timeout(own, 10'000);
    const int result = sqlite3_exec(own, text.c_str(), nullptr, nullptr, nullptr);
    if (connection == nullptr) sqlite3_close_v2(own);
    return result;
  }

  std::unique_ptr<store::Lane> acquire() {
    auto lane = store_->acquire(0, "test:1");
    EXPECT_TRUE(lane) << lane.error().message();
    return std::move(*lane);
  }

  std::vector<store::Claimed> fetch(store::Lane& lane) {
    auto fetched = lane.fetch({});
    EXPECT_TRUE(fetched) << fetched.error().message();
    return fetched ? fetched->messages : std::vector<store::Claimed>{};
  }

  static Settlement settlement(const store::Claimed& claimed, Verdict verdict) {
    Settlement settlement;
    settlement.ticket = claimed.ticket;
    settlement.origin = claimed.origin;
    settlement.verdict = verdict;
    settlement.reason = "rejected";
    return settlement;
  }

  static Result<store::SettleReport> settle(store::Lane& lane, std::vector<Settlement> messages) {
    SettleBatch batch;
    batch.messages = std::move(messages);
    return lane.settle(batch);
  }

  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(SqliteStore, MissingFileOrTablesSayMigrate) {
  EXPECT_EQ(*store_->schema(), store::SchemaState::missing);
  for (const auto* what : {"no file", "a file without tables"}) {
    auto lane = store_->acquire(0, "test:1");
    ASSERT_FALSE(lane) << what;
    EXPECT_EQ(lane.error().code(), ErrorCode::missing_schema) << what;
    EXPECT_THAT(lane.error().message(), HasSubstr("waybill migrate")) << what;
    EXPECT_THAT(lane.error().message(), HasSubstr(path())) << what;
    EXPECT_FALSE(store_->counts()) << what;
    sql("CREATE TABLE business (n)");
  }
  migrate();
  EXPECT_EQ(*store_->schema(), store::SchemaState::current);
}

TEST_F(SqliteStore, Case39TablesOfAnotherVersionAreRefused) {
  migrate();
  ASSERT_EQ(sql("UPDATE waybill_meta SET value = '99' WHERE name = 'schema_version'"), SQLITE_OK);
  auto newer = open();
  EXPECT_EQ(*newer->schema(), store::SchemaState::newer);
  EXPECT_EQ(newer->acquire(0, "t").error().code(), ErrorCode::newer_schema);
  EXPECT_EQ(newer->counts().error().code(), ErrorCode::newer_schema);
  EXPECT_EQ(newer->migrate().error().code(), ErrorCode::newer_schema);
  ASSERT_EQ(sql("UPDATE waybill_meta SET value = '0' WHERE name = 'schema_version'"), SQLITE_OK);
  auto older = open();
  EXPECT_EQ(older->acquire(0, "t").error().code(), ErrorCode::older_schema);
  EXPECT_THAT(older->acquire(0, "t").error().message(), HasSubstr("waybill migrate"));
}

TEST_F(SqliteStore, FileThatIsNoDatabaseIsRefused) {
  std::ofstream{path()} << "this is not a database, but it is long enough to have a header, or what looks like one";
  auto migrated = store_->migrate();
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().code(), ErrorCode::corrupt) << migrated.error().message();
}

TEST_F(SqliteStore, MoreThanOneLaneIsRefusedWithTheReason) {
  migrate();
  auto lane = open(2)->acquire(0, "t");
  ASSERT_FALSE(lane);
  EXPECT_EQ(lane.error().code(), ErrorCode::invalid_configuration);
  EXPECT_THAT(lane.error().message(), HasSubstr("lanes = 1"));
}

TEST_F(SqliteStore, PlainInsertNeedsTopicAndPayloadOnly) {
  migrate();
  auto lane = acquire();
  ASSERT_EQ(sql("INSERT INTO waybill_outbox (topic, payload) VALUES ('orders.created', 'grüße');"
                "INSERT INTO waybill_outbox (topic, payload) VALUES ('orders.created', x'00ff');"
                "INSERT INTO waybill_outbox (topic, payload) VALUES ('orders.created', 17);"),
            SQLITE_OK);
  EXPECT_NE(sql("INSERT INTO waybill_outbox (topic) VALUES ('orders.created')"), SQLITE_OK);
  EXPECT_NE(sql("INSERT INTO waybill_outbox (payload) VALUES ('x')"), SQLITE_OK);
  const auto claims = fetch(*lane);
  ASSERT_EQ(claims.size(), 3U);
  EXPECT_EQ(claims[0].message->payload, "grüße");
  EXPECT_EQ(claims[1].message->payload, std::string("\0\xff", 2));
  EXPECT_EQ(claims[2].message->payload, "17");
  for (const auto& claimed : claims) {
    EXPECT_EQ(claimed.defect, "");
    EXPECT_EQ(claimed.message->id.str()[14], '7') << claimed.message->id.str();
  }
}

TEST_F(SqliteStore, NotBeforeIsReadInEachOfItsForms) {
  migrate();
  auto lane = acquire();
  const auto insert = [&](const std::string& not_before) {
    ASSERT_EQ(sql("INSERT INTO waybill_outbox (topic, payload, not_before) VALUES ('t', '', " + not_before + ")"),
              SQLITE_OK);
  };
  insert("strftime('%s', 'now') + 3600");
  insert("(strftime('%s', 'now') + 3600) * 1000");
  insert("datetime('now', '+1 hour')");
  insert("'tomorrow'");
  const auto claims = fetch(*lane);
  ASSERT_EQ(claims.size(), 4U);
  for (std::size_t at = 0; at < 3; ++at) {
    EXPECT_GT(claims[at].wait, std::chrono::minutes{58}) << at;
    EXPECT_LT(claims[at].wait, std::chrono::minutes{61}) << at;
    EXPECT_EQ(claims[at].defect, "") << at;
  }
  EXPECT_THAT(claims[3].defect, HasSubstr("not_before"));
}

TEST_F(SqliteStore, NotBeforeInEachOfItsFormsIsSeenToHavePassedAtATakeover) {
  migrate();
  auto lane = acquire();
  for (const char* passed :
       {"strftime('%s', 'now') - 9", "(strftime('%s', 'now') - 9) * 1000", "datetime('now', '-9 seconds')"}) {
    ASSERT_EQ(
        sql("INSERT INTO waybill_outbox (topic, payload, not_before) VALUES ('t', '', " + std::string{passed} + ")"),
        SQLITE_OK);
  }
  SettleBatch batch;
  for (const auto& claimed : fetch(*lane)) {
    Settlement settlement;
    settlement.ticket = claimed.ticket;
    settlement.verdict = Verdict::retry;
    settlement.reason = "delayed";
    settlement.due_at = LaneTime{3'600'000};
    batch.messages.push_back(settlement);
  }
  ASSERT_TRUE(lane->settle(batch));
  lane.reset();
  lane = acquire();
  auto due = lane->due(LaneTime{1}, {});
  ASSERT_TRUE(due) << due.error().message();
  EXPECT_EQ(due->messages.size(), 3U);
}

TEST_F(SqliteStore, Case42PoisonRowsAreDefectsAndTheLoopGoesOn) {
  migrate();
  auto lane = acquire();
  ASSERT_EQ(sql("INSERT INTO waybill_outbox (topic, payload) VALUES (x'ff00', 'a');"
                "INSERT INTO waybill_outbox (topic, payload) VALUES ('', 'b');"
                "INSERT INTO waybill_outbox (topic, payload, id) VALUES ('t', 'c', '" +
                std::string(256, 'i') +
                "');"
                "INSERT INTO waybill_outbox (topic, payload, headers) VALUES ('t', 'd', '{\"a\":');"
                "INSERT INTO waybill_outbox (topic, payload, headers) VALUES ('t', 'e', x'7b7dff');"
                "INSERT INTO waybill_outbox (topic, payload) VALUES ('t', zeroblob(67108864));"
                "INSERT INTO waybill_outbox (topic, payload) VALUES ('t', 'good');"),
            SQLITE_OK);
  const auto claims = fetch(*lane);
  ASSERT_EQ(claims.size(), 7U);
  std::vector<Settlement> all;
  for (std::size_t at = 0; at < 6; ++at) {
    EXPECT_NE(claims[at].defect, "") << at;
    all.push_back(settlement(claims[at], Verdict::failed));
  }
  EXPECT_EQ(claims[6].defect, "");
  all.push_back(settlement(claims[6], Verdict::confirmed));
  auto settled = settle(*lane, all);
  ASSERT_TRUE(settled) << settled.error().message();
  EXPECT_EQ(store_->counts()->failed, 6U);
}

TEST_F(SqliteStore, Case39BusyDatabaseIsATransientErrorAndNothingIsLost) {
  migrate();
  ASSERT_EQ(sql("INSERT INTO waybill_outbox (topic, payload) VALUES ('t', 'x')"), SQLITE_OK);
  auto lane = acquire();
  const auto claims = fetch(*lane);
  ASSERT_EQ(claims.size(), 1U);
  sqlite3* service = nullptr;
  sqlite3_open(path().c_str(), &service);
  ASSERT_EQ(sql("BEGIN IMMEDIATE", service), SQLITE_OK);
  auto settled = settle(*lane, {settlement(claims[0], Verdict::confirmed)});
  ASSERT_FALSE(settled);
  EXPECT_EQ(settled.error().code(), ErrorCode::busy) << settled.error().message();
  EXPECT_TRUE(settled.error().is_transient());
  ASSERT_EQ(sql("COMMIT", service), SQLITE_OK);
  sqlite3_close_v2(service);
  EXPECT_EQ(lane->fetch({}).error().code(), ErrorCode::lost_lane);
  lane.reset();
  lane = acquire();
  const auto again = fetch(*lane);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt, 2U);
}

TEST_F(SqliteStore, ShortTransactionOfAServiceIsWaitedFor) {
  migrate();
  ASSERT_EQ(sql("INSERT INTO waybill_outbox (topic, payload) VALUES ('t', 'x')"), SQLITE_OK);
  auto lane = acquire();
  const auto claims = fetch(*lane);
  sqlite3* service = nullptr;
  sqlite3_open(path().c_str(), &service);
  ASSERT_EQ(sql("BEGIN IMMEDIATE", service), SQLITE_OK);
  std::thread settler{[&] { EXPECT_TRUE(settle(*lane, {settlement(claims[0], Verdict::confirmed)})); }};
  ASSERT_EQ(sql("INSERT INTO waybill_outbox (topic, payload) VALUES ('t', 'y'); COMMIT", service), SQLITE_OK);
  settler.join();
  sqlite3_close_v2(service);
  EXPECT_EQ(fetch(*lane).size(), 1U);
}

TEST_F(SqliteStore, Case39FullDiskIsToldAndNothingIsLost) {
  migrate();
  ASSERT_EQ(sql("INSERT INTO waybill_outbox (topic, payload) VALUES ('t', '1'), ('t', '2')"), SQLITE_OK);
  auto lane = acquire();
  const auto claims = fetch(*lane);
  ASSERT_EQ(claims.size(), 2U);
  FaultyVfs::set_disk_full(true);
  auto settled = settle(*lane, {settlement(claims[0], Verdict::confirmed), settlement(claims[1], Verdict::failed)});
  ASSERT_FALSE(settled);
  EXPECT_EQ(settled.error().code(), ErrorCode::disk_full) << settled.error().message();
  lane.reset();
  Message message;
  message.topic = Topic{"t"};
  auto persisted = store_->persist({&message, 1});
  ASSERT_FALSE(persisted);
  EXPECT_EQ(persisted.error().code(), ErrorCode::disk_full) << persisted.error().message();
  FaultyVfs::set_disk_full(false);
  lane = acquire();
  EXPECT_EQ(fetch(*lane).size(), 2U);
  EXPECT_EQ(store_->counts()->failed, 0U);
}

TEST_F(SqliteStore, ReadOnlyFileIsRefused) {
  migrate();
  store_.reset();
  store_ = open();
  // Root may write whatever the mode says: the file is opened by a child that is nobody.
  std::filesystem::permissions(folder_, static_cast<std::filesystem::perms>(0755));
  std::filesystem::permissions(path(), static_cast<std::filesystem::perms>(0444));
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && setuid(65534) != 0) _exit(9);
    auto lane = store_->acquire(0, "t");
    if (lane) _exit(1);
    const auto code = lane.error().code();
    _exit(code == ErrorCode::read_only || code == ErrorCode::unauthorized ? 0 : 2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(SqliteStore, DeletedLockFileLetsASecondOwnerInAndTheFirstIsFenced) {
  migrate();
  auto old = acquire();
  std::filesystem::remove(path() + "-waybill-lane0");
  auto lane = acquire();
  EXPECT_EQ(settle(*old, {}).error().code(), ErrorCode::lost_lane);
  EXPECT_TRUE(settle(*lane, {}));
}

TEST_F(SqliteStore, OpenLaneDoesNotKeepTheLogFromBeingEmptied) {
  migrate();
  auto lane = acquire();
  ASSERT_EQ(sql("INSERT INTO waybill_outbox (topic, payload) VALUES ('t', zeroblob(100000))"), SQLITE_OK);
  EXPECT_EQ(fetch(*lane).size(), 1U);
  ASSERT_TRUE(lane->due(LaneTime{0}, {}));
  ASSERT_TRUE(lane->await(Deadline::after(std::chrono::milliseconds{1}), -1));
  sqlite3* service = nullptr;
  sqlite3_open(path().c_str(), &service);
  ASSERT_EQ(sql("SELECT count(*) FROM waybill_outbox", service), SQLITE_OK);
  int frames = -1;
  int moved = -1;
  const int result = sqlite3_wal_checkpoint_v2(service, nullptr, SQLITE_CHECKPOINT_TRUNCATE, &frames, &moved);
  sqlite3_close_v2(service);
  EXPECT_EQ(result, SQLITE_OK);
  EXPECT_EQ(std::filesystem::file_size(path() + "-wal"), 0U);
}

// What the child does, and where it dies, changes from write to write; what must be true afterwards does not.
TEST_F(SqliteStore, Case39DeathAtEveryWriteLosesNothing) {
  migrate();
  ASSERT_EQ(sql("INSERT INTO waybill_outbox (topic, payload, id) VALUES "
                "('t', '1', 'confirmed'), ('t', '2', 'retried'), ('t', '3', 'failed'), ('t', '4', 'waiting')"),
            SQLITE_OK);
  store_.reset();
  const std::string fresh = path() + ".fresh";
  std::filesystem::copy_file(path(), fresh);
  bool finished = false;
  int writes = 0;
  while (!finished) {
    for (const auto* part : {"", "-wal", "-shm"}) std::filesystem::remove(path() + part);
    std::filesystem::copy_file(fresh, path());
    ++writes;
    const pid_t child = fork();
    if (child == 0) {
      FaultyVfs::die_at_write(writes);
      auto store = open();
      auto lane = store->acquire(0, "child:1");
      auto fetched = (*lane)->fetch({3, 1000});
      auto settled = settle(**lane, {settlement(fetched->messages[0], Verdict::confirmed),
                                     settlement(fetched->messages[1], Verdict::retry),
                                     settlement(fetched->messages[2], Verdict::failed)});
      _exit(settled ? 42 : 7);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    finished = WEXITSTATUS(status) == 42;
    ASSERT_TRUE(finished || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);

    auto after = open();
    const auto in_outbox = after->acquire(0, "parent:1").value()->fetch({}).value().messages.size();
    const auto counts = after->counts();
    ASSERT_TRUE(counts) << counts.error().message();
    const auto retried = counts->sending - in_outbox;
    const bool before = in_outbox == 4 && retried == 0 && counts->failed == 0;
    const bool settled = in_outbox == 1 && retried == 1 && counts->failed == 1;
    EXPECT_TRUE(before || settled) << "write " << writes << ": " << in_outbox << " in the outbox, " << retried
                                   << " retried, " << counts->failed << " failed";
    EXPECT_TRUE(settled || !finished);
    ASSERT_LT(writes, 1000);
  }
  EXPECT_GT(writes, 5);
}

}  // namespace
}  // namespace waybill::contract
