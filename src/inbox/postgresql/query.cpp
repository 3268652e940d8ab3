#include "inbox/postgresql/query.hpp"

#include "store/postgresql/sqlstate.hpp"

namespace waybill::inbox::postgresql {

Result<Rows> query(PGconn* connection, const char* sql, const std::vector<Value>& values, std::string_view doing) {
  std::vector<const char*> texts;
  texts.reserve(values.size());
  for (const auto& value : values) texts.push_back(value ? value->c_str() : nullptr);
  Rows rows(PQexecParams(connection, sql, static_cast<int>(texts.size()), nullptr, texts.data(), nullptr, nullptr, 0));
  const auto status = PQresultStatus(rows.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return rows;
  return waybill::postgresql::statement_error(connection, rows.get(), doing);
}

Status in_transaction(PGconn* connection, std::string_view guard) {
  switch (PQtransactionStatus(connection)) {
    case PQTRANS_INTRANS:
      return {};
    case PQTRANS_INERROR:
      return Error{ErrorCode::refused, std::string{guard} + ": the transaction has already failed; roll it back"};
    case PQTRANS_UNKNOWN:
      return Error{ErrorCode::unreachable, std::string{guard} + ": the connection is lost"};
    default:
      return Error{ErrorCode::refused, std::string{guard} +
                                           ": no transaction is open on this connection, so no effect is protected; "
                                           "begin one first"};
  }
}

}  // namespace waybill::inbox::postgresql
