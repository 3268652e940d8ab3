#include <string>

#include "inbox/mark.hpp"
#include "inbox/mysql/statement.hpp"
#include "waybill/inbox_mysql.h"

namespace waybill::mysql {
namespace {

Error without_migrate(const Error& error, const std::string& table) {
  // The table is the user's own: `waybill migrate` makes none of it.
  const auto code = error.code();
  if (code != ErrorCode::missing_schema && code != ErrorCode::older_schema) return error;
  const auto& words = error.message();
  return {ErrorCode::not_found, words.substr(0, words.find("; run `waybill migrate`")) + "; " + table};
}

}  // namespace

Result<Version> bump_version(st_mysql* connection, const VersionedRow& row) {
  if (auto sound = inbox::check(row); !sound) return std::move(sound).error();
  if (connection == nullptr) return Error{ErrorCode::invalid_argument, "bump_version: the connection is null"};
  if (!inbox::mysql::in_transaction(connection)) {
    return Error{ErrorCode::refused,
                 "bump_version: no transaction is open on this connection, so the change would stand alone"};
  }
  const auto version = inbox::enclose(row.version_column, '`', '`');
  // A literal of text: the server takes it to the column's own type, character set and collation, so that its index
  // serves.
  const auto sql = "UPDATE " + inbox::enclose(row.table, '`', '`') + " SET " + version + " = " + version +
                   " + 1 WHERE " + inbox::enclose(row.id_column, '`', '`') + " = _utf8mb4 ? AND " + version + " = ?";
  auto done =
      inbox::mysql::run(connection, sql, {row.id, row.expected}, "can't raise the version of a row of " + row.table);
  if (!done) return without_migrate(done.error(), "table " + row.table);
  return *done > 0 ? Version::applied : Version::stale;
}

}  // namespace waybill::mysql
