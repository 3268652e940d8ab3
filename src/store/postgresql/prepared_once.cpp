#include "store/postgresql/prepared_once.hpp"

#include <libpq-events.h>

#include <memory>
#include <new>
#include <string_view>

#include "store/postgresql/sqlstate.hpp"

namespace waybill::postgresql {
namespace {

enum class Prepared { not_yet, yes, never };

// libpq calls this for each connection it was registered with; the state lives and dies with that connection.
int on_event(PGEventId event, void* info, void*) {
  if (event == PGEVT_REGISTER) {
    auto* connection = static_cast<PGEventRegister*>(info)->conn;
    auto* state = new (std::nothrow) Prepared{Prepared::not_yet};
    return state != nullptr && PQsetInstanceData(connection, on_event, state) != 0 ? 1 : 0;
  }
  if (event == PGEVT_CONNRESET) {
    auto* connection = static_cast<PGEventConnReset*>(info)->conn;
    *static_cast<Prepared*>(PQinstanceData(connection, on_event)) = Prepared::not_yet;
  }
  if (event == PGEVT_CONNDESTROY) {
    auto* connection = static_cast<PGEventConnDestroy*>(info)->conn;
    delete static_cast<Prepared*>(PQinstanceData(connection, on_event));
  }
  return 1;
}

Prepared* state_of(PGconn* connection) {
  if (auto* state = PQinstanceData(connection, on_event)) return static_cast<Prepared*>(state);
  if (PQregisterEventProc(connection, on_event, "waybill", nullptr) == 0) return nullptr;
  return static_cast<Prepared*>(PQinstanceData(connection, on_event));
}

bool has_state(const PGresult* result, std::string_view sqlstate) {
  const char* found = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return found != nullptr && sqlstate == found;
}

}  // namespace

Result<bool> prepare_once(PGconn* connection, const char* name, const char* sql, std::span<const Oid> types) {
  auto* state = state_of(connection);
  if (state == nullptr || *state == Prepared::never) return false;
  if (*state == Prepared::yes) return true;
  const std::unique_ptr<PGresult, decltype(&PQclear)> result{
      PQprepare(connection, name, sql, static_cast<int>(types.size()), types.data()), &PQclear};
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) {
    *state = Prepared::yes;
    return true;
  }
  constexpr std::string_view duplicate_prepared_statement = "42P05";
  if (!has_state(result.get(), duplicate_prepared_statement)) {
    return statement_error(connection, result.get(), "its statement can't be prepared");
  }
  *state = Prepared::never;
  return Error{ErrorCode::busy, "a pooler shares this session's prepared statements; roll back and try again"};
}

bool forget_if_lost(PGconn* connection, const PGresult* result) {
  constexpr std::string_view invalid_sql_statement_name = "26000";
  if (!has_state(result, invalid_sql_statement_name)) return false;
  if (auto* state = state_of(connection)) *state = Prepared::never;
  return true;
}

}  // namespace waybill::postgresql
