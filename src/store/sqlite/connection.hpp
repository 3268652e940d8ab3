#pragma once

/// \file
/// A SQLite connection, its statements and transactions, with errors as values. Used by one thread at a time.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::sqlite {

class Connection;

/// A prepared statement. Binding takes copies of nothing: what is bound must live until the next reset().
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}

  Statement& bind(int at, std::int64_t number);
  Statement& bind(int at, std::string_view text);
  Statement& bind(int at, const std::optional<std::string>& text);
  Statement& bind_null(int at);

  /// True: a row is there. After false or an error the statement is reset and can be bound again.
  Result<bool> step(std::string_view doing);
  /// For statements without rows.
  Status run(std::string_view doing);
  /// Ends the read transaction that a half-read statement holds, and forgets what was bound.
  void reset();

  int columns() const { return sqlite3_column_count(statement_.get()); }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double real(int column) const { return sqlite3_column_double(statement_.get(), column); }
  bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
  /// Text as UTF-8, blobs as they are.
  std::string text(int column) const;
  /// How many bytes text() would copy.
  std::size_t size(int column) const;
  /// Not more than so many bytes of text().
  std::string beginning(int column, std::size_t bytes) const;
  std::optional<std::string> optional_text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* connection_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Connection {
 public:
  enum class Mode {
    existing,  ///< the file must be there
    create,    ///< makes the file when it is missing
  };

  /// Opens the file with synchronous=FULL and waits up to `busy_limit` in each call for other writers. Errors:
  /// `missing_schema` when the file is missing, `read_only`, `unauthorized`, `corrupt`.
  static Result<Connection> open(const std::string& path, Mode mode, Duration busy_limit);

  Result<Statement> prepare(std::string_view sql, std::string_view doing);
  /// The same statement each time, prepared once. `sql` must live as long as the connection.
  Result<Statement*> cached(std::string_view sql, std::string_view doing);
  /// Runs statements without parameters.
  Status run(const std::string& sql, std::string_view doing);
  /// The first column of the first row, as text; empty when there is no row.
  Result<std::string> ask(std::string_view sql, std::string_view doing);

  std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }
  sqlite3* handle() const { return handle_.get(); }
  /// Makes what was read from the write-ahead log durable, whatever `synchronous` its writers chose.
  Status flush_log();

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  /// Asks again every millisecond until the limit: SQLite's own handler waits ever longer and so yields to busier
  /// writers.
  struct BusyWait {
    Duration limit{};
    MonoTime since{};
    static int try_again(void* wait, int times);
  };

  std::unique_ptr<BusyWait> busy_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::unordered_map<std::string_view, std::unique_ptr<Statement>> cached_;
};

/// A write transaction, taken at once; rolled back unless it was committed.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection, std::string_view doing);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit(std::string_view doing);

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace waybill::sqlite
