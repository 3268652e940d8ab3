#pragma once

#include "store/sqlite/connection.hpp"
#include "store/store.hpp"

namespace waybill::sqlite {

inline constexpr std::int64_t schema_version = 3;  ///< of the tables that this program makes and works with

Result<store::SchemaState> schema_state(Connection& connection);

/// The tables are there, and of this program's version; otherwise `missing_schema`, `older_schema` or `newer_schema`
/// with the remedy.
Status require_current_schema(Connection& connection, const std::string& path);

/// What `waybill migrate` runs.
std::string_view schema_sql();

}  // namespace waybill::sqlite
