#include "store/sqlite/schema_version.hpp"

#include "embedded/sqlite_schema.hpp"

namespace waybill::sqlite {

Result<store::SchemaState> schema_state(Connection& connection) {
  constexpr std::string_view doing = "can't read Waybill's schema version";
  auto there = connection.ask("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'waybill_meta'", doing);
  if (!there) return there.error();
  if (there->empty()) return store::SchemaState::missing;
  auto version = connection.ask("SELECT CAST(value AS INTEGER) FROM waybill_meta WHERE name = 'schema_version'", doing);
  if (!version) return version.error();
  if (version->empty()) return store::SchemaState::missing;
  // The CAST in the statement has made it a number.
  const auto number = std::stoll(*version);
  if (number < schema_version) return store::SchemaState::older;
  return number > schema_version ? store::SchemaState::newer : store::SchemaState::current;
}

Status require_current_schema(Connection& connection, const std::string& path) {
  auto state = schema_state(connection);
  if (!state) return state.error();
  switch (*state) {
    case store::SchemaState::current:
      return {};
    case store::SchemaState::missing:
      return Error{ErrorCode::missing_schema, "Waybill's tables are not in " + path + "; run `waybill migrate`"};
    case store::SchemaState::older:
      return Error{ErrorCode::older_schema,
                   "the tables in " + path + " were made by an older Waybill; run `waybill migrate`"};
    case store::SchemaState::newer:
      return Error{ErrorCode::newer_schema,
                   "the tables in " + path + " were made by a newer Waybill; upgrade this program"};
  }
  return {};
}

std::string_view schema_sql() { return embedded::sqlite_schema; }

}  // namespace waybill::sqlite
