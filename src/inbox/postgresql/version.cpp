#include <string>

#include "inbox/mark.hpp"
#include "inbox/postgresql/query.hpp"
#include "waybill/inbox_postgresql.h"

namespace waybill::postgresql {
namespace {

// A missing table here is the caller's own, not one of Waybill's.
Error named(Error error, const VersionedRow& row) {
  if (error.code() != ErrorCode::missing_schema && error.code() != ErrorCode::older_schema) return error;
  return {ErrorCode::not_found, "versioned row: table " + row.table + " with columns " + row.id_column + " and " +
                                    row.version_column + " is not there; names are taken as the catalogue has them"};
}

}  // namespace

Result<Version> bump_version(pg_conn* connection, const VersionedRow& row) {
  if (auto sound = inbox::check(row); !sound) return std::move(sound).error();
  if (auto open = inbox::postgresql::in_transaction(connection, "bump_version"); !open) return std::move(open).error();
  // The id is bound without a type: the server takes the column's, so that its index serves.
  const auto version = inbox::enclose(row.version_column, '"', '"');
  const auto sql = "UPDATE " + inbox::enclose(row.table, '"', '"') + " SET " + version + " = " + version +
                   " + 1 WHERE " + inbox::enclose(row.id_column, '"', '"') + " = $1 AND " + version + " = $2";
  auto rows = inbox::postgresql::query(connection, sql.c_str(), {row.id, std::to_string(row.expected)},
                                       "can't raise the version of a row of " + row.table);
  if (!rows) return named(std::move(rows).error(), row);
  return std::string{PQcmdTuples(rows->get())} == "0" ? Version::stale : Version::applied;
}

}  // namespace waybill::postgresql
