#pragma once

/// \file
/// Statements on the caller's own MySQL connection, with errors as values.

#include <mysql.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/mysql/value.hpp"
#include "waybill/result.h"

namespace waybill::inbox::mysql {

using waybill::mysql::glob_to_like;
using waybill::mysql::Value;
using waybill::mysql::Values;

/// The rows of one query, read one after the other. The first one is there when `there()` is true.
class Rows {
 public:
  explicit Rows(MYSQL_RES* result);
  bool there() const { return fields_ != nullptr; }
  void next();
  std::string text(unsigned column) const;
  std::optional<std::int64_t> number(unsigned column) const;

 private:
  struct Free {
    void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
  };
  std::unique_ptr<MYSQL_RES, Free> result_;
  MYSQL_ROW fields_ = nullptr;
  unsigned long* lengths_ = nullptr;
};

Result<Rows> query(MYSQL* connection, std::string_view sql, const Values& values, std::string_view doing);
/// Gives how many rows were changed.
Result<std::uint64_t> run(MYSQL* connection, std::string_view sql, const Values& values, std::string_view doing);

/// Whether a transaction is open, or will be with the first statement.
bool in_transaction(const MYSQL* connection);

/// This host's wall clock in Unix ms.
std::int64_t now_ms();

}  // namespace waybill::inbox::mysql
