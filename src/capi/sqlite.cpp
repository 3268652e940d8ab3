#include "capi/values.hpp"
#include "waybill/inbox_sqlite.h"
#include "waybill/outbox_sqlite.h"

int waybill_sqlite_send(sqlite3* connection, const waybill_message* message, char id_out[WAYBILL_ID_SIZE],
                        waybill_error* error) {
  return waybill::capi::answer(error, [&]() -> waybill::Status {
    const auto read = waybill::capi::message_from(message);
    if (!read) return read.error();
    const auto id = waybill::sqlite::send(connection, *read);
    if (!id) return id.error();
    waybill::capi::copy_id(*id, id_out);
    return {};
  });
}

int waybill_sqlite_once(sqlite3* connection, const waybill_mark* mark, int* found, waybill_error* error) {
  return waybill::capi::answer(error, [&]() -> waybill::Status {
    if (found == nullptr) return waybill::Error{waybill::ErrorCode::invalid_argument, "found is null"};
    const auto read = waybill::capi::mark_from(mark);
    if (!read) return read.error();
    const auto once = waybill::sqlite::once(connection, *read);
    if (!once) return once.error();
    *found = static_cast<int>(*once);
    return {};
  });
}
