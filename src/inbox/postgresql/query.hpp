#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "waybill/result.h"

namespace waybill::inbox::postgresql {

struct Cleared {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Rows = std::unique_ptr<PGresult, Cleared>;

/// A value as text, or null.
using Value = std::optional<std::string>;

/// Runs one statement with bound values and waits for its answer. Errors say what was tried.
Result<Rows> query(PGconn* connection, const char* sql, const std::vector<Value>& values, std::string_view doing);

/// A transaction is open and has not failed; the error says what the guard would have protected.
Status in_transaction(PGconn* connection, std::string_view guard);

inline std::string text(const Rows& rows, int row, int column) { return PQgetvalue(rows.get(), row, column); }

}  // namespace waybill::inbox::postgresql
