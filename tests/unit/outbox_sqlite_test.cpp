#include "waybill/outbox_sqlite.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <optional>
#include <string>

#include "core/uuid.hpp"

namespace waybill {
namespace {

// The columns that section 7 of the architecture promises; the store's own are not looked at.
constexpr const char* schema =
    "CREATE TABLE waybill_outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, topic TEXT NOT NULL, key "
    "TEXT,"
    " payload BLOB NOT NULL, headers TEXT, content_type TEXT, not_before INTEGER)";

class OutboxSqlite : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("waybill-outbox-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    file_ = (folder_ / "shop.db").string();
    connection_ = open();
    run(schema);
    sample_.topic = Topic{"orders.created"};
  }
  void TearDown() override {
    sqlite3_close(connection_);
    std::filesystem::remove_all(folder_);
  }

  sqlite3* open(int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) const {
    sqlite3* connection = nullptr;
    EXPECT_EQ(sqlite3_open_v2(file_.c_str(), &connection, flags, nullptr), SQLITE_OK);
    return connection;
  }
  void run(const char* sql) { ASSERT_EQ(sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sql; }

  // nullopt: NULL, or no row.
  std::optional<std::string> value(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(connection_, sql, -1, &statement, nullptr), SQLITE_OK) << sql;
    std::optional<std::string> text;
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, 0));
      text.emplace(bytes == nullptr ? "" : bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, 0)));
    }
    sqlite3_finalize(statement);
    return text;
  }

  ErrorCode failure(sqlite3* connection) {
    const auto sent = sqlite::send(connection, sample_);
    return sent ? ErrorCode::internal : sent.error().code();
  }

  std::filesystem::path folder_;
  std::string file_;
  sqlite3* connection_ = nullptr;
  Message sample_;
};

TEST_F(OutboxSqlite, WhatIsCommittedIsThereWithAllItsParts) {
  sample_.id = MessageId{"order-17"};
  sample_.key = Key{"17"};
  sample_.payload = std::string("a\0b\xff", 4);
  sample_.headers = {{"traceparent", "00-ab"}};
  sample_.content_type = "application/octet-stream";
  sample_.not_before = std::chrono::system_clock::time_point{std::chrono::milliseconds{1700000000123}};
  run("BEGIN");
  const auto sent = sqlite::send(connection_, sample_);
  run("COMMIT");
  ASSERT_TRUE(sent.ok()) << sent.error().message();
  EXPECT_EQ(sent->str(), "order-17");
  EXPECT_EQ(value("SELECT id FROM waybill_outbox"), "order-17");
  EXPECT_EQ(value("SELECT key FROM waybill_outbox"), "17");
  EXPECT_EQ(value("SELECT payload FROM waybill_outbox"), sample_.payload);
  EXPECT_EQ(value("SELECT headers FROM waybill_outbox"), R"({"traceparent":"00-ab"})");
  EXPECT_EQ(value("SELECT content_type FROM waybill_outbox"), "application/octet-stream");
  EXPECT_EQ(value("SELECT not_before FROM waybill_outbox"), "1700000000123");
}

TEST_F(OutboxSqlite, WhatIsRolledBackIsNotThere) {
  run("BEGIN");
  ASSERT_TRUE(sqlite::send(connection_, sample_).ok());
  run("ROLLBACK");
  EXPECT_EQ(value("SELECT count(*) FROM waybill_outbox"), "0");
}

TEST_F(OutboxSqlite, AnEmptyIdBecomesAUuid7AndAbsentPartsStayNull) {
  run("BEGIN");
  const auto sent = sqlite::send(connection_, sample_);
  run("COMMIT");
  ASSERT_TRUE(sent.ok());
  EXPECT_TRUE(uuid7_unix_ms(sent->str()).has_value());
  EXPECT_EQ(value("SELECT payload FROM waybill_outbox"), "");
  for (const auto* sql : {"SELECT key FROM waybill_outbox", "SELECT headers FROM waybill_outbox",
                          "SELECT content_type FROM waybill_outbox", "SELECT not_before FROM waybill_outbox"}) {
    EXPECT_EQ(value(sql), std::nullopt) << sql;
  }
}

TEST_F(OutboxSqlite, AnEmptyKeyIsNotAnAbsentOne) {
  sample_.key = Key{""};
  run("BEGIN");
  ASSERT_TRUE(sqlite::send(connection_, sample_).ok());
  EXPECT_EQ(value("SELECT key FROM waybill_outbox"), "");
}

TEST_F(OutboxSqlite, WithoutATransactionNothingIsWritten) {
  EXPECT_EQ(failure(connection_), ErrorCode::refused);
  EXPECT_EQ(value("SELECT count(*) FROM waybill_outbox"), "0");
}

TEST_F(OutboxSqlite, ABadMessageLeavesTheTransactionUsable) {
  run("BEGIN");
  sample_.topic = Topic{};
  EXPECT_EQ(failure(connection_), ErrorCode::invalid_argument);
  sample_.topic = Topic{"t"};
  EXPECT_TRUE(sqlite::send(connection_, sample_).ok());
}

TEST_F(OutboxSqlite, AMissingTableSaysMigrate) {
  run("DROP TABLE waybill_outbox");
  run("BEGIN");
  const auto sent = sqlite::send(connection_, sample_);
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code(), ErrorCode::missing_schema);
  EXPECT_NE(sent.error().message().find("waybill migrate"), std::string::npos);
}

TEST_F(OutboxSqlite, AnotherWriterMeansBusy) {
  auto* other = open();
  run("BEGIN IMMEDIATE");
  ASSERT_EQ(sqlite3_exec(other, "BEGIN", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(failure(other), ErrorCode::busy);
  sqlite3_close(other);
}

TEST_F(OutboxSqlite, AReadOnlyFileSaysSo) {
  auto* reader = open(SQLITE_OPEN_READONLY);
  ASSERT_EQ(sqlite3_exec(reader, "BEGIN", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(failure(reader), ErrorCode::read_only);
  sqlite3_close(reader);
}

TEST_F(OutboxSqlite, AFullDiskSaysSo) {
  run("PRAGMA max_page_count = 3");
  sample_.payload.assign(1u << 20, 'x');
  run("BEGIN");
  EXPECT_EQ(failure(connection_), ErrorCode::disk_full);
}

TEST(OutboxSqliteConnection, NullIsAnError) {
  Message sample;
  sample.topic = Topic{"t"};
  EXPECT_EQ(sqlite::send(nullptr, sample).error().code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace waybill
