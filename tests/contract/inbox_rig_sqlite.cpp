#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>

#include "embedded/sqlite_inbox_schema.hpp"
#include "inbox_rig.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "waybill/inbox_sqlite.h"

namespace waybill::test {
namespace {

class SqliteSession final : public InboxSession {
 public:
  explicit SqliteSession(const std::string& path) {
    begin_sql = "BEGIN IMMEDIATE";
    EXPECT_EQ(sqlite3_open(path.c_str(), &connection_), SQLITE_OK);
    sqlite3_busy_timeout(connection_, 10'000);
    EXPECT_TRUE(run("PRAGMA journal_mode = WAL"));
  }
  ~SqliteSession() override { sqlite3_close(connection_); }

  Result<Once> once(const Mark& mark) override { return sqlite::once(connection_, mark); }
  Result<Version> bump_version(const VersionedRow& row) override { return sqlite::bump_version(connection_, row); }
  Result<std::uint64_t> purge(const std::string& glob, std::int64_t retention_seconds) override {
    return sqlite::purge(connection_, glob, retention_seconds);
  }
  Result<std::string> run(const std::string& sql) override {
    std::string first;
    const auto take = [](void* out, int columns, char** values, char**) {
      auto& text = *static_cast<std::string*>(out);
      if (text.empty() && columns > 0 && values[0] != nullptr) text = values[0];
      return 0;
    };
    if (sqlite3_exec(connection_, sql.c_str(), take, &first, nullptr) == SQLITE_OK) return first;
    return sqlite::statement_error(connection_, sql.substr(0, 40));
  }

 private:
  sqlite3* connection_ = nullptr;
};

class SqliteDatabase final : public InboxDatabase {
 public:
  SqliteDatabase() {
    std::string name = std::filesystem::temp_directory_path() / "waybill-inbox-XXXXXX";
    folder_ = mkdtemp(name.data());
    EXPECT_TRUE(SqliteSession(path()).run(std::string{embedded::sqlite_inbox_schema}));
  }
  ~SqliteDatabase() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<InboxSession> connect() override { return std::make_unique<SqliteSession>(path()); }
  StoreConfig config() const override {
    StoreConfig config;
    config.name = "shop";
    config.url = Secret{"sqlite://" + path()};
    return config;
  }
  std::string prefix() const override { return "waybill_"; }
  void age(std::int64_t seconds) override {
    const auto sql = "UPDATE waybill_inbox SET marked_ms = marked_ms - " + std::to_string(seconds * 1000);
    EXPECT_TRUE(SqliteSession(path()).run(sql));
  }

 private:
  std::string path() const { return folder_ + "/inbox.db"; }
  std::string folder_;
};

}  // namespace

std::unique_ptr<InboxDatabase> make_sqlite_inbox() { return std::make_unique<SqliteDatabase>(); }

}  // namespace waybill::test
