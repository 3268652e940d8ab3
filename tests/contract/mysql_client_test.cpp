// The outbox function that services link for MySQL and MariaDB, on a connection of their own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mysql.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>

#include "core/url.hpp"
#include "store/store.hpp"
#include "waybill/inbox_mysql.h"
#include "waybill/outbox_mysql.h"

namespace waybill::mysql {
namespace {

using testing::HasSubstr;

class MysqlClient : public testing::Test {
 protected:
  void SetUp() override {
    const char* text = std::getenv("WAYBILL_TEST_MARIADB");
    ASSERT_NE(text, nullptr) << "run the tests by `tools/services run -- ctest`";
    static std::atomic<int> number{0};
    const auto url = parse_url(text).value();
    name_ = "waybill_client_" + std::to_string(getpid()) + "_" + std::to_string(++number);
    ASSERT_NE(mysql_real_connect(connection(), url.host.c_str(), url.user.c_str(), url.password.c_str(), nullptr,
                                 url.port, nullptr, 0),
              nullptr);
    run("CREATE DATABASE " + name_);
    run("USE " + name_);
    StoreConfig config;
    config.name = "shop";
    config.url = Secret{"mysql://" + url.user + ":" + url.password + "@" + url.host + ":" + std::to_string(url.port) +
                        "/" + name_};
    store_ = std::move(store::open_store(config).value());
  }
  void TearDown() override { run("DROP DATABASE " + name_); }

  void run(const std::string& sql) {
    EXPECT_EQ(mysql_query(connection(), sql.c_str()), 0) << mysql_error(connection());
  }
  std::string value(const std::string& sql, unsigned column = 0) {
    run(sql);
    const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> rows{mysql_store_result(connection()),
                                                                        &mysql_free_result};
    return mysql_fetch_row(rows.get())[column];
  }
  int rows_scanned() { return std::stoi(value("SHOW SESSION STATUS LIKE 'Handler_read_rnd_next'", 1)); }
  MYSQL* connection() { return handle_.get(); }

  static Message message() {
    Message made;
    made.topic = Topic{"orders.created"};
    made.key = Key{"17"};
    made.payload = std::string{"a\0'\\\xff", 5};
    made.headers = {{"n", "it's \\ \xc3\xa9"}};
    made.content_type = "application/json";
    return made;
  }

  std::unique_ptr<store::Store> store_;

 private:
  std::string name_;
  std::unique_ptr<MYSQL, decltype(&mysql_close)> handle_{mysql_init(nullptr), &mysql_close};
};

TEST_F(MysqlClient, MessageStandsAndFallsWithTheTransaction) {
  ASSERT_TRUE(store_->migrate());
  run("BEGIN");
  const auto undone = send(connection(), message());
  ASSERT_TRUE(undone) << undone.error().message();
  run("ROLLBACK");
  run("SET autocommit = 0");
  const auto kept = send(connection(), message());
  ASSERT_TRUE(kept) << kept.error().message();
  run("COMMIT");
  EXPECT_EQ(store_->locate(*undone)->place, store::Whereabouts::Place::gone);
  const auto found = store_->locate(*kept).value();
  ASSERT_EQ(found.place, store::Whereabouts::Place::outbox);
  EXPECT_EQ(found.troubled->message.payload, message().payload);
  EXPECT_EQ(found.troubled->message.headers, message().headers);
  EXPECT_EQ(found.troubled->message.key, message().key);
}

TEST_F(MysqlClient, RefusesWithoutATransaction) {
  ASSERT_TRUE(store_->migrate());
  EXPECT_EQ(send(connection(), message()).error().code(), ErrorCode::refused);
  EXPECT_EQ(send(nullptr, message()).error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(send(connection(), Message{}).error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(store_->counts()->sending, 0U);
}

TEST_F(MysqlClient, BeforeTheMigrationTheRemedyIsNamed) {
  run("BEGIN");
  const auto sent = send(connection(), message());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), ErrorCode::missing_schema);
  EXPECT_THAT(sent.error().message(), HasSubstr("waybill migrate"));
  run("ROLLBACK");
}

// Rows that are not the one would be locked too, and other services wait for them.
TEST_F(MysqlClient, ARowIsFoundByItsIndexWhateverItsTextIs) {
  for (const std::string type :
       {"varchar(50) CHARACTER SET latin1", "varchar(50) CHARACTER SET utf8mb3",
        "varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", "bigint", "int unsigned", "varbinary(50)"}) {
    run("CREATE OR REPLACE TABLE product (id " + type + " PRIMARY KEY, version bigint NOT NULL)");
    run("INSERT INTO product VALUES ('1', 1), ('2', 1), ('3', 1), ('30', 1)");
    const auto before = rows_scanned();
    run("BEGIN");
    const auto raised = bump_version(connection(), {"product", "id", "version", "2", 1});
    run("COMMIT");
    ASSERT_TRUE(raised) << type << ": " << raised.error().message();
    EXPECT_EQ(*raised, Version::applied) << type;
    EXPECT_EQ(rows_scanned() - before, 0) << type;
    EXPECT_EQ(value("SELECT GROUP_CONCAT(version ORDER BY id) FROM product"), "1,2,1,1") << type;
  }
}

TEST_F(MysqlClient, AnIdIsTextWhateverIsInIt) {
  run("CREATE TABLE product (id varchar(50) CHARACTER SET utf8mb4 PRIMARY KEY, version bigint NOT NULL)");
  run("INSERT INTO product VALUES ('O\\'Neill', 1), ('\xc3\xa9', 1), ('\\\\?', 1)");
  run("BEGIN");
  for (const std::string id : {"O'Neill", "\xc3\xa9", "\\?"}) {
    const auto raised = bump_version(connection(), {"product", "id", "version", id, 1});
    ASSERT_TRUE(raised) << raised.error().message();
    EXPECT_EQ(*raised, Version::applied) << id;
  }
  EXPECT_EQ(*bump_version(connection(), {"product", "id", "version", "' OR 1 = 1 -- ", 1}), Version::stale);
  run("COMMIT");
}

}  // namespace
}  // namespace waybill::mysql
