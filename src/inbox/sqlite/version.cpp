#include <sqlite3.h>

#include <string>

#include "inbox/mark.hpp"
#include "inbox/sqlite/statement.hpp"
#include "waybill/inbox_sqlite.h"

namespace waybill::sqlite {

Result<Version> bump_version(sqlite3* connection, const VersionedRow& row) {
  if (auto sound = inbox::check(row); !sound) return std::move(sound).error();
  if (sqlite3_get_autocommit(connection) != 0) {
    return Error{ErrorCode::refused,
                 "bump_version: no transaction is open on this connection, so the change would stand alone"};
  }
  // In brackets: SQLite takes an unknown name in double quotes for a text.
  const auto version = inbox::enclose(row.version_column, '[', ']');
  const auto sql = "UPDATE " + inbox::enclose(row.table, '[', ']') + " SET " + version + " = " + version +
                   " + 1 WHERE " + inbox::enclose(row.id_column, '[', ']') + " = ? AND " + version + " = ?";
  inbox::sqlite::Statement statement(connection, sql, "can't raise the version of a row of " + row.table);
  auto done = statement.bind(row.id).bind(row.expected).step();
  if (!done) return std::move(done).error();
  return sqlite3_changes(connection) > 0 ? Version::applied : Version::stale;
}

}  // namespace waybill::sqlite
