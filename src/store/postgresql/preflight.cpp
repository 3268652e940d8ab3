#include "store/postgresql/preflight.hpp"

namespace waybill::postgresql {
namespace {

constexpr auto doing = "can't examine the server";
constexpr int oldest_version = 130000;

}  // namespace

Result<bool> behind_pooler(Connection& connection) {
  // Two transactions, since a pooler may hand each to another server process.
  for (int i = 0; i < 2; ++i) {
    auto pid = connection.run("SELECT pg_backend_pid()", doing);
    if (!pid) return pid.error();
    if (pid->number(0, 0) != PQbackendPID(connection.handle())) return true;
  }
  return false;
}

Status check_server(Connection& connection, const std::string& store) {
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorCode::unsupported, "store '" + store + "': " + why};
  };
  if (const int version = PQserverVersion(connection.handle()); version < oldest_version) {
    return refuse("PostgreSQL " + std::to_string(version / 10000) + " is too old; 13 or later is needed");
  }
  auto pooled = behind_pooler(connection);
  if (!pooled) return pooled.error();
  if (*pooled) {
    return refuse(
        "the URL leads to a connection pooler (such as pgbouncer), where a lane's lock has no owner; give the relay "
        "the "
        "server's own address. Services may go through the pooler");
  }
  auto recovery = connection.run("SELECT pg_is_in_recovery()", doing);
  if (!recovery) return recovery.error();
  if (recovery->flag(0, 0)) {
    return refuse(
        "the server is a standby, which shows commits in another order; give the relay the primary's address");
  }
  return {};
}

Result<std::string> cluster_of(Connection& connection) {
  auto rows = connection.run("SELECT system_identifier FROM pg_control_system()", doing);
  if (!rows) return rows.error();
  return rows->text(0, 0);
}

}  // namespace waybill::postgresql
