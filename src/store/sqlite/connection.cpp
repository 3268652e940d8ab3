#include "store/sqlite/connection.hpp"

#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "store/sqlite/sqlite_error.hpp"

namespace waybill::sqlite {

Statement& Statement::bind(int at, std::int64_t number) {
  sqlite3_bind_int64(statement_.get(), at, number);
  return *this;
}

Statement& Statement::bind(int at, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int at, const std::optional<std::string>& text) {
  return text ? bind(at, std::string_view{*text}) : bind_null(at);
}

Statement& Statement::bind_null(int at) {
  sqlite3_bind_null(statement_.get(), at);
  return *this;
}

Result<bool> Statement::step(std::string_view doing) {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) {
    reset();
    return false;
  }
  auto error = statement_error(connection_, doing);
  reset();
  return error;
}

Status Statement::run(std::string_view doing) {
  auto stepped = step(doing);
  if (!stepped) return stepped.error();
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::string Statement::text(int column) const { return beginning(column, std::string::npos); }

std::string Statement::beginning(int column, std::size_t bytes) const {
  auto* statement = statement_.get();
  // sqlite3.h: the text is UTF-8 also where the database is UTF-16, and column_bytes() is its length, NULs included.
  const bool blob = sqlite3_column_type(statement, column) == SQLITE_BLOB;
  const auto* text = blob ? static_cast<const char*>(sqlite3_column_blob(statement, column))
                          : reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  if (text == nullptr) return {};
  return {text, std::min(size(column), bytes)};
}

std::size_t Statement::size(int column) const {
  return static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
}

std::optional<std::string> Statement::optional_text(int column) const {
  return is_null(column) ? std::nullopt : std::optional{text(column)};
}

int Connection::BusyWait::try_again(void* wait, int times) {
  auto& self = *static_cast<BusyWait*>(wait);
  const auto now = std::chrono::steady_clock::now();
  if (times == 0) self.since = now;
  if (now - self.since >= self.limit) return 0;
  std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return 1;
}

Result<Connection> Connection::open(const std::string& path, Mode mode, Duration busy_limit) {
  if (mode == Mode::existing && access(path.c_str(), F_OK) != 0) {
    return Error{ErrorCode::missing_schema, "there is no file " + path + "; run `waybill migrate`"};
  }
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::create ? SQLITE_OPEN_CREATE : 0);
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Connection connection;
  connection.handle_.reset(raw);
  if (opened != SQLITE_OK) {
    if (raw != nullptr) return statement_error(raw, "can't open " + path);
    return Error{ErrorCode::internal, "can't open " + path + ": out of memory"};
  }
  // SQLite opens a file that it may not write as a read-only one, without a word.
  if (sqlite3_db_readonly(raw, "main") == 1) {
    return Error{ErrorCode::read_only, path + " can't be written; check the permissions of the file"};
  }
  connection.busy_ = std::make_unique<BusyWait>(BusyWait{busy_limit, {}});
  sqlite3_busy_handler(raw, &BusyWait::try_again, connection.busy_.get());
  if (auto set = connection.run("PRAGMA synchronous=FULL", "can't use " + path); !set) return set.error();
  return connection;
}

Result<Statement> Connection::prepare(std::string_view sql, std::string_view doing) {
  sqlite3_stmt* raw = nullptr;
  const int prepared =
      sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (prepared != SQLITE_OK) return statement_error(handle(), doing);
  return Statement{handle(), raw};
}

Result<Statement*> Connection::cached(std::string_view sql, std::string_view doing) {
  auto& entry = cached_[sql];
  if (!entry) {
    auto prepared = prepare(sql, doing);
    if (!prepared) return prepared.error();
    entry = std::make_unique<Statement>(std::move(*prepared));
  }
  return entry.get();
}

Status Connection::run(const std::string& sql, std::string_view doing) {
  if (sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return statement_error(handle(), doing);
}

Result<std::string> Connection::ask(std::string_view sql, std::string_view doing) {
  auto statement = prepare(sql, doing);
  if (!statement) return statement.error();
  auto row = statement->step(doing);
  if (!row) return row.error();
  return *row ? statement->text(0) : std::string{};
}

Status Connection::flush_log() {
  sqlite3_file* log = nullptr;
  sqlite3_file_control(handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
  if (log == nullptr || log->pMethods == nullptr) return {};
  const int synced = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (synced == SQLITE_OK) return {};
  return Error{code_of_result(synced, {}), std::string{"can't flush the write-ahead log: "} + sqlite3_errstr(synced)};
}

Result<Transaction> Transaction::begin(Connection& connection, std::string_view doing) {
  if (auto begun = connection.run("BEGIN IMMEDIATE", doing); !begun) return begun.error();
  return Transaction{connection};
}

Transaction::Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  if (connection_ == nullptr || sqlite3_get_autocommit(connection_->handle()) != 0) return;
  // A failed ROLLBACK leaves nothing to do: SQLite has rolled back by itself, or closing the connection does.
  sqlite3_exec(connection_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Status Transaction::commit(std::string_view doing) {
  auto committed = connection_->run("COMMIT", doing);
  if (committed) connection_ = nullptr;
  return committed;
}

}  // namespace waybill::sqlite
