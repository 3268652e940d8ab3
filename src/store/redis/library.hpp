#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/redis/connection.hpp"
#include "store/store.hpp"

namespace waybill::redis {

/// Of the library and of a lane's keys: `VERSION` in library/010_names.lua.
inline constexpr int library_version = 3;

std::string_view library_text();

/// How the library and the keys of this lane are on the connection's server. Where only the library is missing
/// (FUNCTION FLUSH, a slot that went to a new node), it is loaded.
Result<store::SchemaState> library_state(Connection& connection, std::uint32_t lane);

/// An error that names the remedy unless both are of this version.
Status require_current_library(Connection& connection, std::uint32_t lane, const std::string& store);

Status load_library(Connection& connection);

}  // namespace waybill::redis
