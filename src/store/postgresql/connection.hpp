#pragma once

/// \file
/// One connection to PostgreSQL whose every wait ends at a deadline. Used by one thread at a time.

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/secret.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::postgresql {

/// Bound values of a statement, sent as text; the server gives them the types that the statement's casts name.
class Parameters {
 public:
  Parameters& add(std::string_view text);
  Parameters& add(std::int64_t number);
  Parameters& add(bool flag) = delete;
  Parameters& add_null();
  Parameters& add_optional(const std::optional<std::string>& text);
  /// Bytes for a bytea parameter.
  Parameters& add_bytes(std::string_view bytes);

  int count() const { return static_cast<int>(values_.size()); }
  /// Pointers for libpq, valid until the next change.
  std::vector<const char*> pointers() const;

 private:
  std::vector<std::optional<std::string>> values_;
};

/// The rows of one result, with text or binary columns as they were asked for.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, &PQclear) {}

  int count() const { return PQntuples(result_.get()); }
  int columns() const { return PQnfields(result_.get()); }
  bool empty() const { return count() == 0; }
  bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::string_view bytes(int row, int column) const;
  std::string text(int row, int column) const { return std::string{bytes(row, column)}; }
  std::optional<std::string> optional_text(int row, int column) const;
  /// A number in a text column; 0 when it is null.
  std::int64_t number(int row, int column) const;
  bool flag(int row, int column) const { return bytes(row, column) == "t"; }
  /// How many rows an INSERT, UPDATE or DELETE touched.
  std::uint64_t affected() const;

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

/// A statement that is prepared once per connection.
struct Statement {
  std::string name;
  std::string sql;
};

enum class Format { text = 0, binary = 1 };

class Connection {
 public:
  /// Connects within `deadline`. `application` is how the server's views show the connection. Errors: `unreachable`,
  /// `unauthorized`, `timeout`, each naming the server without its password.
  static Result<std::unique_ptr<Connection>> open(const Secret& url, const std::string& application, Deadline deadline);

  /// Runs one or more statements without parameters; gives the last result.
  Result<Rows> run(const std::string& sql, std::string_view doing);
  Result<Rows> run(const std::string& sql, const Parameters& parameters, std::string_view doing);
  Result<Rows> run(const Statement& statement, const Parameters& parameters, Format format, std::string_view doing);

  /// Every call that follows gives up that long after it began; the connection is useless after a `timeout`.
  void set_time_limit(Duration limit) { limit_ = limit; }
  Duration time_limit() const { return limit_; }

  bool alive() const { return PQstatus(handle_.get()) == CONNECTION_OK; }
  bool in_transaction() const { return PQtransactionStatus(handle_.get()) != PQTRANS_IDLE; }
  int socket() const { return PQsocket(handle_.get()); }
  PGconn* handle() const { return handle_.get(); }

  /// Takes what has arrived without waiting, then as was_notified(). `unreachable` when the connection is gone.
  Result<bool> take_notifications();
  /// Whether a notification has come, also along with an answer, since the last question.
  bool was_notified() { return std::exchange(notified_, false); }

 private:
  explicit Connection(PGconn* handle) : handle_(handle, &PQfinish) {}
  Status await_connected(Deadline deadline);
  Result<Rows> finish(bool sent, std::string_view doing);
  Result<PGresult*> next_result(Deadline deadline, std::string_view doing);
  void drain_notifications();
  Status prepare(const Statement& statement, std::string_view doing);

  std::unique_ptr<PGconn, decltype(&PQfinish)> handle_;
  bool notified_ = false;
  std::unordered_set<std::string> prepared_;
  Duration limit_ = std::chrono::seconds{10};
};

/// A transaction that is rolled back unless it was committed.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection, std::string_view doing);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  /// `in_doubt` when the connection or its answer was lost on the way: it may have been committed.
  Status commit(std::string_view doing);

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

/// `{"a","b"}`: the text form of a text[] (also of any other array type). A NUL byte or invalid UTF-8, which PostgreSQL
/// text can't hold, becomes `?`.
std::string array_literal(const std::vector<std::string>& elements);
std::string array_literal(const std::vector<std::optional<std::string>>& elements);
std::string array_literal(const std::vector<std::int64_t>& elements);
/// The text as PostgreSQL can store it: NUL bytes and invalid UTF-8 become `?`.
std::string storable_text(std::string_view text);
/// `\x0011...`: the text form of a bytea.
std::string bytea_literal(std::string_view bytes);

}  // namespace waybill::postgresql
