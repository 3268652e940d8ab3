#pragma once

#include <string>
#include <string_view>

#include "store/mysql/connection.hpp"
#include "store/store.hpp"

namespace waybill::mysql {

inline constexpr int schema_version = 4;

/// The name of the lock that the lane's owner holds, as an expression: one for each database of the server.
#define WAYBILL_MYSQL_LANE_LOCK "CONCAT('waybill:', MD5(DATABASE()), ':0')"

Result<store::SchemaState> schema_state(Connection& connection);
Status require_current_schema(Connection& connection, const std::string& store);
std::string_view schema_sql();

}  // namespace waybill::mysql
