#include <cstdlib>
#include <string>

#include "inbox/postgresql/query.hpp"
#include "waybill/inbox_postgresql.h"

namespace waybill::postgresql {

Result<std::uint64_t> purge(pg_conn* connection, const std::string& consumer_glob, std::int64_t retention_seconds,
                            std::uint32_t /*batch*/) {
  if (retention_seconds < 0) return Error{ErrorCode::invalid_argument, "purge: a retention can't be negative"};
  if (PQtransactionStatus(connection) != PQTRANS_IDLE && PQtransactionStatus(connection) != PQTRANS_UNKNOWN) {
    return Error{ErrorCode::refused, "purge: a transaction is open on this connection; end it first"};
  }
  auto rows = inbox::postgresql::query(connection, "SELECT waybill.inbox_purge($1, make_interval(secs => $2::bigint))",
                                       {consumer_glob, std::to_string(retention_seconds)}, "can't purge waybill.inbox");
  if (!rows) return std::move(rows).error();
  return std::strtoull(PQgetvalue(rows->get(), 0, 0), nullptr, 10);
}

}  // namespace waybill::postgresql
