/* The C interface as a C program uses it: built as C11, against a real SQLite file. */

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "waybill/waybill.h"

/* What programs were built with, one after the other: a value that moves would tell them something else. */
_Static_assert(WAYBILL_OK == 0 && WAYBILL_INVALID_ARGUMENT == 1 && WAYBILL_INVALID_CONFIGURATION == 2 &&
                   WAYBILL_MISSING_SECRET == 3 && WAYBILL_MISSING_SCHEMA == 4 && WAYBILL_NEWER_SCHEMA == 5 &&
                   WAYBILL_OLDER_SCHEMA == 6 && WAYBILL_MOVED_STORE == 7 && WAYBILL_UNREACHABLE == 8 &&
                   WAYBILL_UNAUTHORIZED == 9 && WAYBILL_TIMEOUT == 10 && WAYBILL_BUSY == 11 &&
                   WAYBILL_READ_ONLY == 12 && WAYBILL_DISK_FULL == 13 && WAYBILL_LOST_LANE == 14 &&
                   WAYBILL_NOT_FOUND == 15 && WAYBILL_REFUSED == 16 && WAYBILL_UNSUPPORTED == 17 &&
                   WAYBILL_IN_DOUBT == 18 && WAYBILL_CORRUPT == 19 && WAYBILL_INTERNAL == 20,
               "error codes keep their values");
_Static_assert(WAYBILL_ONCE_NEW == 0 && WAYBILL_ONCE_DUPLICATE == 1 && WAYBILL_ONCE_CONFLICT == 2 &&
                   WAYBILL_ONCE_EXPIRED == 3 && WAYBILL_ID_SIZE == 256,
               "results keep their values");

static int failures = 0;

static void expect(int holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "not so: %s\n", what);
  ++failures;
}

static void run(sqlite3* connection, const char* sql) {
  expect(sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK, sql);
}

static int count(sqlite3* connection) {
  sqlite3_stmt* statement = NULL;
  int rows = -1;
  sqlite3_prepare_v2(connection, "SELECT count(*) FROM waybill_outbox WHERE key = '17' AND length(payload) = 3", -1,
                     &statement, NULL);
  if (sqlite3_step(statement) == SQLITE_ROW) rows = sqlite3_column_int(statement, 0);
  sqlite3_finalize(statement);
  return rows;
}

static void a_committed_message_is_there(sqlite3* connection) {
  const waybill_header header = {"traceparent", "00-ab"};
  waybill_message message = {.size = sizeof message, .topic = "orders.created", .key = "17", .payload = "a\0b"};
  char id[WAYBILL_ID_SIZE] = "";
  waybill_error error;
  message.payload_size = 3;
  message.headers = &header;
  message.header_count = 1;
  run(connection, "BEGIN");
  expect(waybill_sqlite_send(connection, &message, id, &error) == WAYBILL_OK, "send succeeds");
  run(connection, "COMMIT");
  expect(strlen(id) == 36, "the id is a UUID");
  expect(count(connection) == 1, "the message is in the outbox");
}

static void errors_have_a_code_and_words(sqlite3* connection) {
  waybill_message message = {.size = sizeof message};
  waybill_error error;
  expect(waybill_sqlite_send(connection, &message, NULL, &error) == WAYBILL_INVALID_ARGUMENT, "a topic is needed");
  expect(error.code == WAYBILL_INVALID_ARGUMENT && strstr(error.message, "topic is empty") != NULL, "says so");
  message.topic = "t";
  expect(waybill_sqlite_send(connection, &message, NULL, &error) == WAYBILL_REFUSED, "a transaction is needed");
  expect(error.transient == 0, "trying again is no use");
  expect(waybill_sqlite_send(NULL, &message, NULL, NULL) == WAYBILL_INVALID_ARGUMENT, "a connection is needed");
  expect(waybill_sqlite_send(connection, NULL, NULL, NULL) == WAYBILL_INVALID_ARGUMENT, "a message is needed");
  message.size = 1;
  expect(waybill_sqlite_send(connection, &message, NULL, NULL) == WAYBILL_INVALID_ARGUMENT, "a size is needed");
}

static void a_mark_needs_the_tables(sqlite3* connection) {
  const waybill_mark mark = {.size = sizeof mark, .consumer = "inventory", .unique_id = "product", .fingerprint = "1"};
  int found = -1;
  run(connection, "BEGIN");
  expect(waybill_sqlite_once(connection, &mark, &found, NULL) == WAYBILL_MISSING_SCHEMA, "there is no inbox yet");
  expect(found == -1, "nothing was found");
  run(connection, "ROLLBACK");
}

int main(void) {
  sqlite3* connection = NULL;
  expect(sqlite3_open(":memory:", &connection) == SQLITE_OK, "SQLite opens");
  run(connection,
      "CREATE TABLE waybill_outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, topic TEXT, key TEXT, payload "
      "BLOB, "
      "headers TEXT, content_type TEXT, not_before)");
  a_committed_message_is_there(connection);
  errors_have_a_code_and_words(connection);
  a_mark_needs_the_tables(connection);
  sqlite3_close(connection);
  return failures == 0 ? 0 : 1;
}
