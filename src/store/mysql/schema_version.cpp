#include "store/mysql/schema_version.hpp"

#include "embedded/mysql_schema.hpp"

namespace waybill::mysql {

Result<store::SchemaState> schema_state(Connection& connection) {
  constexpr std::string_view doing = "can't read Waybill's schema version";
  auto there = connection.query(
      "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'waybill_meta'",
      {}, doing);
  if (!there) return there.error();
  if (there->number(0, 0) == 0) return store::SchemaState::missing;
  auto version = connection.query("SELECT value FROM waybill_meta WHERE name = 'schema_version'", {}, doing);
  if (!version) return version.error();
  if (version->empty()) return store::SchemaState::missing;
  const auto number = version->number(0, 0);
  if (number < schema_version) return store::SchemaState::older;
  return number > schema_version ? store::SchemaState::newer : store::SchemaState::current;
}

Status require_current_schema(Connection& connection, const std::string& store) {
  const auto where = "store '" + store + "': ";
  auto state = schema_state(connection);
  if (!state) return state.error();
  switch (*state) {
    case store::SchemaState::current:
      return {};
    case store::SchemaState::missing:
      return Error{ErrorCode::missing_schema, where + "Waybill's tables are missing; run `waybill migrate`"};
    case store::SchemaState::older:
      return Error{ErrorCode::older_schema, where + "the tables are of an older Waybill; run `waybill migrate`"};
    case store::SchemaState::newer:
      return Error{ErrorCode::newer_schema, where + "the tables are of a newer Waybill; upgrade this program"};
  }
  return {};
}

std::string_view schema_sql() { return embedded::mysql_schema; }

}  // namespace waybill::mysql
