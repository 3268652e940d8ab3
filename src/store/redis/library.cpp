#include "store/redis/library.hpp"

#include "embedded/redis_library.hpp"
#include "store/redis/entry_id.hpp"

namespace waybill::redis {
namespace {

constexpr std::string_view doing = "can't read the version of Waybill's functions";

store::SchemaState compare(std::int64_t version) {
  if (version == 0) return store::SchemaState::missing;
  if (version == library_version) return store::SchemaState::current;
  return version < library_version ? store::SchemaState::older : store::SchemaState::newer;
}

bool lacks_function(const Error& error) { return error.message().find("Function not found") != std::string::npos; }

/// Only the functions went away (FUNCTION FLUSH, a slot that moved to a new node): they are loaded.
Result<store::SchemaState> state_without_library(Connection& connection, std::uint32_t lane) {
  auto keys = connection.run({"HGET", key_of(lane, "lane"), "version"}, doing);
  if (!keys) return keys.error();
  if (compare((*keys)->number()) != store::SchemaState::current) return store::SchemaState::missing;
  auto loaded = load_library(connection);
  return loaded ? Result<store::SchemaState>{store::SchemaState::current} : Result<store::SchemaState>{loaded.error()};
}

}  // namespace

std::string_view library_text() { return embedded::redis_library; }

Status load_library(Connection& connection) {
  auto loaded =
      connection.run({"FUNCTION", "LOAD", "REPLACE", std::string{library_text()}}, "can't load Waybill's functions");
  return loaded ? Status{} : Status{loaded.error()};
}

Result<store::SchemaState> library_state(Connection& connection, std::uint32_t lane) {
  auto versions = connection.run(call("waybill_version", stream_of(lane)), doing);
  if (!versions) {
    return lacks_function(versions.error()) ? state_without_library(connection, lane)
                                            : Result<store::SchemaState>{versions.error()};
  }
  const auto of_library = compare((**versions)[0].number());
  return of_library == store::SchemaState::current ? compare((**versions)[1].number()) : of_library;
}

Status require_current_library(Connection& connection, std::uint32_t lane, const std::string& store) {
  auto state = library_state(connection, lane);
  if (!state) return state.error();
  const auto where = "store '" + store + "', lane " + std::to_string(lane) + ": ";
  switch (*state) {
    case store::SchemaState::current:
      return {};
    case store::SchemaState::missing:
      return Error{ErrorCode::missing_schema,
                   where + "Waybill's functions or keys are not there; run `waybill migrate`"};
    case store::SchemaState::older:
      return Error{ErrorCode::older_schema,
                   where + "Waybill's functions are of an older version; run `waybill migrate`"};
    case store::SchemaState::newer:
      break;
  }
  return Error{ErrorCode::newer_schema, where + "Waybill's functions are of a newer version; upgrade this program"};
}

}  // namespace waybill::redis
