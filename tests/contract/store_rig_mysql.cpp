#include <mysql.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "core/url.hpp"
#include "store_rig.hpp"

namespace waybill::contract {
namespace {

Url server() {
  const char* text = std::getenv("WAYBILL_TEST_MARIADB");
  if (text == nullptr) {
    throw std::runtime_error{"WAYBILL_TEST_MARIADB is not set; run the tests by `tools/services run -- ctest`"};
  }
  return parse_url(text).value();
}

/// A connection of a service, which says nothing about how it wants its transactions.
class Session {
 public:
  explicit Session(const std::string& database) : handle_(mysql_init(nullptr), &mysql_close) {
    const auto url = server();
    if (mysql_real_connect(handle_.get(), url.host.c_str(), url.user.c_str(), url.password.c_str(),
                           database.empty() ? nullptr : database.c_str(), url.port, nullptr, 0) == nullptr) {
      throw std::runtime_error{mysql_error(handle_.get())};
    }
    mysql_set_character_set(handle_.get(), "utf8mb4");
  }

  std::string run(const std::string& sql) {
    if (mysql_real_query(handle_.get(), sql.data(), sql.size()) != 0)
      throw std::runtime_error{mysql_error(handle_.get())};
    MYSQL_RES* result = mysql_store_result(handle_.get());
    if (result == nullptr) return {};
    const MYSQL_ROW row = mysql_fetch_row(result);
    std::string first = row != nullptr && row[0] != nullptr ? row[0] : "";
    mysql_free_result(result);
    return first;
  }
  std::string quoted(const std::optional<std::string>& text) {
    if (!text) return "NULL";
    std::string escaped(text->size() * 2 + 1, '\0');
    escaped.resize(mysql_real_escape_string(handle_.get(), escaped.data(), text->data(), text->size()));
    return "'" + escaped + "'";
  }

 private:
  std::unique_ptr<MYSQL, decltype(&mysql_close)> handle_;
};

class MysqlTransaction final : public ServiceTransaction {
 public:
  explicit MysqlTransaction(const std::string& database) : session_(database) { session_.run("START TRANSACTION"); }

  void insert(const ServiceRow& row) override {
    const auto seconds = row.not_before_ms ? std::to_string(*row.not_before_ms) + " / 1000.0" : "NULL";
    session_.run(std::string{"INSERT INTO waybill_outbox (topic, `key`, payload, headers, not_before"} +
                 (row.id ? ", id" : "") + ") VALUES (" + session_.quoted(row.topic) + ", " + session_.quoted(row.key) +
                 ", _binary " + session_.quoted(row.payload) + ", " + session_.quoted(row.headers) +
                 ", FROM_UNIXTIME(" + seconds + ")" + (row.id ? ", " + session_.quoted(row.id) : "") + ")");
  }
  void commit() override { session_.run("COMMIT"); }
  void rollback() override { session_.run("ROLLBACK"); }
  void savepoint() override { session_.run("SAVEPOINT here"); }
  void rollback_to_savepoint() override { session_.run("ROLLBACK TO here"); }

 private:
  Session session_;
};

class MysqlRig final : public StoreRig {
 public:
  MysqlRig() : server_("") {
    static std::atomic<int> number{0};
    database_ = "waybill_test_" + std::to_string(getpid()) + "_" + std::to_string(++number);
    server_.run("CREATE DATABASE " + database_);
    const auto url = server();
    StoreConfig config;
    config.name = "mysql";
    config.url = Secret{"mysql://" + url.user + ":" + url.password + "@" + url.host + ":" + std::to_string(url.port) +
                        "/" + database_};
    config.max_payload = rig_max_payload;
    auto opened = store::open_store(config);
    if (!opened) throw std::runtime_error{opened.error().message()};
    store_ = std::move(*opened);
    if (auto migrated = store_->migrate(); !migrated) throw std::runtime_error{migrated.error().message()};
  }
  MysqlRig(const MysqlRig&) = delete;
  MysqlRig& operator=(const MysqlRig&) = delete;
  ~MysqlRig() override {
    store_.reset();
    try {
      server_.run("DROP DATABASE " + database_);
    } catch (const std::exception&) {
      // The server is a throw-away one: a database that is left does no harm.
    }
  }

  store::Store& store() override { return *store_; }
  std::unique_ptr<ServiceTransaction> begin() override { return std::make_unique<MysqlTransaction>(database_); }
  void steal() override {
    const auto owner = server_.run("SELECT IS_USED_LOCK(CONCAT('waybill:', MD5('" + database_ + "'), ':0'))");
    if (!owner.empty()) server_.run("KILL CONNECTION " + owner);
    // The lock goes with the session's end, which KILL does not wait for.
    while (!server_.run("SELECT IS_USED_LOCK(CONCAT('waybill:', MD5('" + database_ + "'), ':0'))").empty()) {
    }
  }

 private:
  Session server_;
  std::string database_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace

std::unique_ptr<StoreRig> make_mysql_rig() { return std::make_unique<MysqlRig>(); }

}  // namespace waybill::contract
