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

}  // namespace
}  // namespace waybill::mysql
