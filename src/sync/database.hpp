#pragma once

/// \file
/// The little that a sync needs of an SQL database, the same for each kind: statements with `:name` for values, in one
/// transaction at a time. Used by one thread.

#include <functional>
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

  /// Runs one statement of ours as it is: what defines a trigger or a function holds other statements.
  virtual Status define(const std::string& sql) = 0;

  /// Marks an attempt in the inbox, inside the open transaction; true when nobody had.
  virtual Result<bool> mark_attempt(const std::string& attempt) = 0;
  /// What a table of Waybill's own is made with: the type of long texts, and what follows the columns.
  virtual std::string_view long_text() const { return "text"; }
  virtual std::string_view table_options() const { return ""; }

  virtual Status begin() = 0;
  /// `in_doubt` when the answer was lost.
  virtual Status commit() = 0;
  virtual void rollback() = 0;
};

/// Opens a connection of its own. Errors: as the store's; `unsupported` for another scheme.
Result<std::unique_ptr<Database>> open_database(const StoreConfig& store);
Result<std::unique_ptr<Database>> open_postgresql(const StoreConfig& store);
Result<std::unique_ptr<Database>> open_sqlite(const StoreConfig& store);
Result<std::unique_ptr<Database>> open_mysql(const StoreConfig& store);

/// How a database writes what must not be taken for a name.
struct Dialect {
  std::string_view quotes = "'\"";
  bool backslash_escapes = false;  ///< inside quotes
};

/// What stands for the value with this number, from 1.
using Placeholder = std::function<std::string(std::size_t number, const std::string& value)>;

/// A statement with its names replaced, and the values in the order of their numbers. Names inside quotes, and `::`,
/// are left alone. Errors: `invalid_argument` names a field that is not there; `invalid_configuration` for more than
/// one statement.
struct Bound {
  std::string sql;
  std::vector<std::string> values;
};
Result<Bound> bind_fields(std::string_view sql, const Fields& fields, const Placeholder& placeholder,
                          Dialect dialect = {});

}  // namespace waybill::sync
