#include <sqlite3.h>

#include "database.hpp"
#include "waybill/inbox_sqlite.h"
#include "waybill/outbox_sqlite.h"

namespace shop {
namespace {

using waybill::Error;
using waybill::ErrorCode;
using waybill::Result;
using waybill::Status;

struct Closer {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
struct Finalizer {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(std::unique_ptr<sqlite3, Closer> connection) : connection_(std::move(connection)) {}

  // Immediate: a transaction that only later wants to write can find that somebody else was faster.
  Status begin() override { return status(run("BEGIN IMMEDIATE")); }
  Status commit() override { return status(run("COMMIT")); }
  void rollback() override {
    if (sqlite3_get_autocommit(connection_.get()) == 0) static_cast<void>(run("ROLLBACK"));
  }

  Result<Answer> run(const std::string& sql, const std::vector<std::string>& values) override {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(connection_.get(), sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) return error(sql);
    const std::unique_ptr<sqlite3_stmt, Finalizer> statement(raw);
    for (std::size_t at = 0; at < values.size(); ++at) {
      sqlite3_bind_text64(raw, static_cast<int>(at) + 1, values[at].data(), values[at].size(), SQLITE_STATIC,
                          SQLITE_UTF8);
    }
    Answer answer;
    int step = sqlite3_step(raw);
    for (; step == SQLITE_ROW; step = sqlite3_step(raw)) answer.rows.push_back(row_of(raw));
    if (step != SQLITE_DONE) return error(sql);
    answer.changed = sqlite3_changes64(connection_.get());
    return answer;
  }

  Result<waybill::MessageId> send(const waybill::Message& message) override {
    return waybill::sqlite::send(connection_.get(), message);
  }
  Result<waybill::Once> once(const waybill::Mark& mark) override {
    return waybill::sqlite::once(connection_.get(), mark);
  }
  Result<waybill::Version> bump_version(const waybill::VersionedRow& row) override {
    return waybill::sqlite::bump_version(connection_.get(), row);
  }

 private:
  Result<Answer> run(const std::string& sql) { return run(sql, {}); }
  static Status status(const Result<Answer>& answer) { return answer ? Status{} : Status{answer.error()}; }

  static std::vector<std::string> row_of(sqlite3_stmt* statement) {
    std::vector<std::string> row;
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      const unsigned char* text = sqlite3_column_text(statement, column);
      row.emplace_back(text == nullptr ? std::string{}
                                       : std::string{text, text + sqlite3_column_bytes(statement, column)});
    }
    return row;
  }

  Error error(const std::string& sql) const {
    const int code = sqlite3_errcode(connection_.get());
    const auto text = sql.substr(0, 40) + "...: " + sqlite3_errmsg(connection_.get());
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return {ErrorCode::busy, text};
    if (code == SQLITE_FULL) return {ErrorCode::disk_full, text};
    if (code == SQLITE_READONLY) return {ErrorCode::read_only, text};
    return {ErrorCode::refused, text};
  }

  std::unique_ptr<sqlite3, Closer> connection_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::string& file) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  std::unique_ptr<sqlite3, Closer> connection(raw);
  if (opened != SQLITE_OK) return Error{ErrorCode::unreachable, "can't open " + file + ": " + sqlite3_errstr(opened)};
  sqlite3_busy_timeout(raw, 10'000);
  sqlite3_exec(raw, "PRAGMA synchronous = FULL", nullptr, nullptr, nullptr);
  return std::unique_ptr<Database>(std::make_unique<SqliteDatabase>(std::move(connection)));
}

}  // namespace shop
