#include <sqlite3.h>

#include "subject.hpp"
#include "waybill/inbox_sqlite.h"

namespace bench {
namespace {

class SqliteSession final : public Session {
 public:
  explicit SqliteSession(const std::string& file) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    connection_.reset(opened);
    if (code != SQLITE_OK) throw std::runtime_error(file + ": " + sqlite3_errstr(code));
    sqlite3_busy_timeout(opened, 10'000);
    run("PRAGMA synchronous = FULL");
  }

  void run(const std::string& sql) override { value(sql == "BEGIN" ? "BEGIN IMMEDIATE" : sql); }

  std::string value(const std::string& sql) override {
    std::string first;
    const auto keep = [](void* into, int count, char** values, char**) {
      if (count > 0 && values[0] != nullptr) *static_cast<std::string*>(into) = values[0];
      return 0;
    };
    if (sqlite3_exec(connection_.get(), sql.c_str(), keep, &first, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sqlite3_errmsg(connection_.get()));
    }
    return first;
  }

  waybill::Result<waybill::Once> once(const waybill::Mark& mark) override {
    return waybill::sqlite::once(connection_.get(), mark);
  }
  waybill::Result<waybill::Version> bump_version(const waybill::VersionedRow& row) override {
    return waybill::sqlite::bump_version(connection_.get(), row);
  }

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  };
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace

std::unique_ptr<Session> open_sqlite(const std::string& url) {
  return std::make_unique<SqliteSession>(url.substr(std::string{"sqlite://"}.size()));
}

}  // namespace bench
