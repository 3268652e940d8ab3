#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "core/url.hpp"
#include "embedded/postgresql_inbox_schema.hpp"
#include "inbox_rig.hpp"
#include "store/postgresql/sqlstate.hpp"
#include "waybill/inbox_postgresql.h"

namespace waybill::test {
namespace {

class PostgresqlSession final : public InboxSession {
 public:
  explicit PostgresqlSession(const std::string& url, const std::string& database = {}) {
    const char* keys[] = {"dbname", "dbname", nullptr};
    const char* values[] = {url.c_str(), database.empty() ? nullptr : database.c_str(), nullptr};
    connection_ = PQconnectdbParams(keys, values, 1);
    EXPECT_EQ(PQstatus(connection_), CONNECTION_OK) << PQerrorMessage(connection_);
    EXPECT_TRUE(run("SET client_min_messages = warning"));
  }
  ~PostgresqlSession() override { PQfinish(connection_); }

  Result<Once> once(const Mark& mark) override { return postgresql::once(connection_, mark); }
  Result<Version> bump_version(const VersionedRow& row) override { return postgresql::bump_version(connection_, row); }
  Result<std::uint64_t> purge(const std::string& glob, std::int64_t retention_seconds) override {
    return postgresql::purge(connection_, glob, retention_seconds);
  }
  Result<std::string> run(const std::string& sql) override {
    PGresult* result = PQexec(connection_, sql.c_str());
    const auto status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      auto error = postgresql::statement_error(connection_, result, sql.substr(0, 40));
      PQclear(result);
      return error;
    }
    std::string first = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
    PQclear(result);
    return first;
  }

 private:
  PGconn* connection_ = nullptr;
};

class PostgresqlDatabase final : public InboxDatabase {
 public:
  explicit PostgresqlDatabase(std::string server) : server_(std::move(server)) {
    static std::atomic<int> made{0};
    name_ = "waybill_inbox_" + std::to_string(getpid()) + "_" + std::to_string(++made);
    EXPECT_TRUE(PostgresqlSession(server_).run("CREATE DATABASE " + name_));
    auto session = connect();
    EXPECT_TRUE(session->run("CREATE SCHEMA waybill"));
    const auto made_tables = session->run(std::string{embedded::postgresql_inbox_schema});
    EXPECT_TRUE(made_tables) << made_tables.error().message();
  }
  ~PostgresqlDatabase() override {
    EXPECT_TRUE(PostgresqlSession(server_).run("DROP DATABASE " + name_ + " WITH (FORCE)"));
  }

  std::unique_ptr<InboxSession> connect() override { return std::make_unique<PostgresqlSession>(url()); }
  StoreConfig config() const override {
    StoreConfig config;
    config.name = "shop";
    config.url = Secret{url()};
    return config;
  }
  std::string prefix() const override { return "waybill."; }
  void age(std::int64_t seconds) override {
    auto session = connect();
    const auto by = " - make_interval(secs => " + std::to_string(seconds) + ")";
    EXPECT_TRUE(session->run("UPDATE waybill.inbox SET marked_at = marked_at" + by));
    // Two rotations: neither the present generation nor the one before is ever let go of.
    EXPECT_TRUE(session->run("SELECT waybill.inbox_rotate()"));
    EXPECT_TRUE(session->run("SELECT waybill.inbox_rotate()"));
  }

 private:
  // The server's URL with another database: everything after the host is replaced.
  std::string url() const {
    const auto host = server_.find("://") + 3;
    const auto path = server_.find('/', host);
    const auto query = server_.find('?', host);
    auto url = server_.substr(0, std::min(path, query)) + "/" + name_;
    return query == std::string::npos ? url : url + server_.substr(query);
  }
  std::string server_;
  std::string name_;
};

}  // namespace

std::unique_ptr<InboxDatabase> make_postgresql_inbox() {
  const char* server = std::getenv("WAYBILL_TEST_POSTGRESQL");
  return server == nullptr ? nullptr : std::make_unique<PostgresqlDatabase>(server);
}

}  // namespace waybill::test
