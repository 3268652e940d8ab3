#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <waybill/waybill.h>

/* Commits one message into the database that the first argument names. */
int main(int argc, char** argv) {
  sqlite3* shop = NULL;
  waybill_message message = {.size = sizeof message, .topic = "orders.created", .key = "18", .payload = "18"};
  waybill_error error;
  char id[WAYBILL_ID_SIZE];
  if (argc != 2 || sqlite3_open(argv[1], &shop) != SQLITE_OK) return 2;
  message.payload_size = strlen(message.payload);
  if (sqlite3_exec(shop, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) return 1;
  if (waybill_sqlite_send(shop, &message, id, &error) != WAYBILL_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  if (sqlite3_exec(shop, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) return 1;
  puts(id);
  return sqlite3_close(shop) == SQLITE_OK ? 0 : 1;
}
