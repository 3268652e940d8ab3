#pragma once

/// \file
/// The little that a sync needs of an SQL database, the same for each kind: statements with `:name` for values, in one
/// transaction at a time. Used by one thread.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config.hpp"
#include "waybill/result.h"

namespace waybill::sync {

/// Names and values, in the order in which they were written.
using Fields = std::vector<std::pair<std::string, std::string>>;
using Row = std::vector<std::optional<std::string>>;

class Database {
 public:
  virtual ~Database() = default;

  /// Runs one statement; each `:name` stands for the field of that name, sent as a value of its own. Errors:
  /// `invalid_argument` or `refused` when the values are at fault (a constraint, a wrong number, a missing field, a
  /// trigger that raises): the transaction is then good only from a savepoint on; others as the database reports them.
  virtual Result<std::vector<Row>> run(std::string_view sql, const Fields& fields) = 0;
  Result<std::vector<Row>> run(std::string_view sql) { return run(sql, Fields{}); }

  /// A statement that marks `:attempt` in the inbox and answers `new` when nobody had: in a transaction of its own.
  virtual std::string_view mark_attempt() const = 0;

  virtual Status begin() = 0;
  /// `in_doubt` when the answer was lost.
  virtual Status commit() = 0;
  virtual void rollback() = 0;
};

/// Opens a connection of its own. Errors: as the store's; `unsupported` for another scheme.
Result<std::unique_ptr<Database>> open_database(const StoreConfig& store);
Result<std::unique_ptr<Database>> open_postgresql(const StoreConfig& store);
Result<std::unique_ptr<Database>> open_sqlite(const StoreConfig& store);

/// A statement with its names replaced by what the database takes (`mark` gives the text for number n, from 1), and the
/// values in that order. Names inside quotes, and `::`, are left alone.
struct Bound {
  std::string sql;
  std::vector<std::string> values;
};
Result<Bound> bind_fields(std::string_view sql, const Fields& fields, char mark);

}  // namespace waybill::sync
