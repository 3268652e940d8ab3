#include <gtest/gtest.h>
#include <mysql.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "core/url.hpp"
#include "inbox_rig.hpp"
#include "store/mysql/mysql_error.hpp"
#include "store/store.hpp"
#include "waybill/inbox_mysql.h"

namespace waybill::test {
namespace {

class MysqlSession final : public InboxSession {
 public:
  explicit MysqlSession(const std::string& database) : handle_(mysql_init(nullptr), &mysql_close) {
    const auto url = parse_url(std::getenv("WAYBILL_TEST_MARIADB")).value();
    const auto* connected = mysql_real_connect(handle_.get(), url.host.c_str(), url.user.c_str(), url.password.c_str(),
                                               database.empty() ? nullptr : database.c_str(), url.port, nullptr, 0);
    EXPECT_NE(connected, nullptr) << mysql_error(handle_.get());
    mysql_set_character_set(handle_.get(), "utf8mb4");
  }

  Result<Once> once(const Mark& mark) override { return mysql::once(handle_.get(), mark); }
  Result<Version> bump_version(const VersionedRow& row) override { return mysql::bump_version(handle_.get(), row); }
  Result<std::uint64_t> purge(const std::string& glob, std::int64_t retention_seconds) override {
    return mysql::purge(handle_.get(), glob, retention_seconds);
  }
  Result<std::string> run(const std::string& sql) override {
    if (mysql_query(handle_.get(), sql.c_str()) != 0) {
      return mysql::error_of(mysql_errno(handle_.get()), mysql_error(handle_.get()), sql.substr(0, 40));
    }
    MYSQL_RES* result = mysql_store_result(handle_.get());
    if (result == nullptr) return std::string{};
    const MYSQL_ROW row = mysql_fetch_row(result);
    std::string first = row != nullptr && row[0] != nullptr ? row[0] : "";
    mysql_free_result(result);
    return first;
  }

 private:
  std::unique_ptr<MYSQL, decltype(&mysql_close)> handle_;
};

class MysqlDatabase final : public InboxDatabase {
 public:
  MysqlDatabase() {
    static std::atomic<int> number{0};
    name_ = "waybill_inbox_" + std::to_string(getpid()) + "_" + std::to_string(++number);
    EXPECT_TRUE(MysqlSession("").run("CREATE DATABASE " + name_));
    EXPECT_TRUE(store::open_store(config()).value()->migrate());
  }
  MysqlDatabase(const MysqlDatabase&) = delete;
  MysqlDatabase& operator=(const MysqlDatabase&) = delete;
  ~MysqlDatabase() override { EXPECT_TRUE(MysqlSession("").run("DROP DATABASE " + name_)); }

  std::unique_ptr<InboxSession> connect() override { return std::make_unique<MysqlSession>(name_); }
  StoreConfig config() const override {
    const auto url = parse_url(std::getenv("WAYBILL_TEST_MARIADB")).value();
    StoreConfig config;
    config.name = "shop";
    config.url = Secret{"mysql://" + url.user + ":" + url.password + "@" + url.host + ":" + std::to_string(url.port) +
                        "/" + name_};
    return config;
  }
  std::string prefix() const override { return "waybill_"; }
  void age(std::int64_t seconds) override {
    const auto sql = "UPDATE waybill_inbox SET marked_ms = marked_ms - " + std::to_string(seconds * 1000);
    EXPECT_TRUE(MysqlSession(name_).run(sql));
  }

 private:
  std::string name_;
};

}  // namespace

std::unique_ptr<InboxDatabase> make_mysql_inbox() {
  if (std::getenv("WAYBILL_TEST_MARIADB") == nullptr) return nullptr;
  return std::make_unique<MysqlDatabase>();
}

}  // namespace waybill::test
