#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "waybill/result.h"

namespace waybill::inbox::sqlite {

/// One prepared statement with its bound values. The first failure is kept and every later call does nothing, so that
/// callers ask once, at the end. Bound texts are not copied: they must outlive step().
class Statement {
 public:
  Statement(sqlite3* connection, std::string_view sql, std::string_view doing);

  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t number);
  /// Null when there is nothing: an empty text is no digest and no id.
  Statement& bind_or_null(std::string_view text);
  Statement& bind_or_null(std::optional<std::int64_t> number);

  /// True when there is a row. Errors name what was tried.
  Result<bool> step();

  std::string text(int column) const;
  std::optional<std::int64_t> number(int column) const;

 private:
  void check(int result);

  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* connection_;
  std::string doing_;
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  std::optional<Error> error_;
  int bound_ = 0;
};

/// Runs a statement without rows and without values.
Status execute(sqlite3* connection, const char* sql, std::string_view doing);

/// This host's wall clock in Unix ms: SQLite has no other.
std::int64_t now_ms();

}  // namespace waybill::inbox::sqlite
