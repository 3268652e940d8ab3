#pragma once

/// \file
/// A MySQL or MariaDB connection and its transactions, with errors as values. Used by one thread at a time.

#include <mysql.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/url.hpp"
#include "store/mysql/value.hpp"
#include "waybill/result.h"

namespace waybill::mysql {

/// What a query gave, wholly in memory: queries have a limit.
class Rows {
 public:
  explicit Rows(MYSQL_RES* result);

  std::size_t count() const { return rows_.size(); }
  unsigned columns() const { return result_ ? mysql_num_fields(result_.get()) : 0; }
  bool empty() const { return rows_.empty(); }
  bool is_null(std::size_t row, unsigned column) const { return rows_[row].fields[column] == nullptr; }
  std::string_view bytes(std::size_t row, unsigned column) const;
  std::string text(std::size_t row, unsigned column) const { return std::string{bytes(row, column)}; }
  std::optional<std::string> optional_text(std::size_t row, unsigned column) const;
  std::int64_t number(std::size_t row, unsigned column) const;

 private:
  struct Free {
    void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
  };
  struct Row {
    MYSQL_ROW fields;
    std::vector<unsigned long> lengths;
  };
  std::unique_ptr<MYSQL_RES, Free> result_;
  std::vector<Row> rows_;
};

class Connection {
 public:
  /// Connects, with READ COMMITTED, in bytes. A server whose host vanished is noticed within 15 s; the server ends the
  /// session when it hears nothing for as long as `idle`.
  /// How a connection by this URL is protected, as the URL says.
  enum class Protection { none, unchecked, checked };
  static Protection protection(const Url& url);

  static Result<Connection> open(const StoreConfig& store, std::chrono::seconds idle = std::chrono::hours{24});

  /// Runs one statement; each `?` of it stands for a value, in their order.
  Result<Rows> query(std::string_view sql, const Values& values, std::string_view doing);
  Status run(std::string_view sql, const Values& values, std::string_view doing);
  /// Statements without values, separated by `;` at the ends of lines.
  Status run_script(std::string_view sql, std::string_view doing);

  /// How many rows the last statement found to change, whether their values differed or not.
  std::uint64_t changes() const { return mysql_affected_rows(handle_.get()); }
  bool is_lost() const { return lost_; }
  MYSQL* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(MYSQL* handle) const { mysql_close(handle); }
  };
  Error failure(std::string_view doing);

  std::unique_ptr<MYSQL, Close> handle_;
  bool lost_ = false;
};

/// A transaction, rolled back unless it was committed.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection, std::string_view doing);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  /// `in_doubt` when the answer to COMMIT was lost.
  Status commit(std::string_view doing);

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

/// The wall clock, for figures that people read.
std::int64_t wall_ms();

/// `?, ?, ?`
std::string placeholders(std::size_t count);

}  // namespace waybill::mysql
