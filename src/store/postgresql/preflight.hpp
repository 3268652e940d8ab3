#pragma once

#include <string>

#include "store/postgresql/connection.hpp"

namespace waybill::postgresql {

/// What a lane must not run on. Errors: `unsupported` for a transaction pooler, a standby, a version too old.
Status check_server(Connection& connection, const std::string& store);

/// True when something answers in the server's place: the process that greeted the client isn't the one that runs its
/// statements. pgbouncer and its like give clients a cancel key of their own.
Result<bool> behind_pooler(Connection& connection);

/// The cluster's identifier. Transaction numbers lose their meaning when it changes (dump and restore, logical
/// replication).
Result<std::string> cluster_of(Connection& connection);

}  // namespace waybill::postgresql
