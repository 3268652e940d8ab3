#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/redis/connection.hpp"

namespace waybill::redis {

/// This connection as nobody else can be named: the server's run and the client's number in it, `RUN:NUMBER`.
Result<std::string> session_of(Connection& connection);

/// Who says that a lane is its own, as the library's `owner` key has it: `FENCE SESSION HOLDER`.
struct Owner {
  std::string fence;  ///< a number that rises with each owner
  std::string session;
  std::string holder;  ///< host:pid of the relay
};

/// Nullopt: nobody, or nobody that was heard of within its time.
Result<std::optional<Owner>> owner_of(Connection& connection, std::uint32_t lane);

/// False when the owner's connection is gone from this server, which a killed relay's is at once. True also when the
/// user may not ask: then only time tells.
Result<bool> is_connected(Connection& connection, const Owner& owner, std::string_view our_session);

}  // namespace waybill::redis
