#include <sqlite3.h>

#include <iostream>

#include "waybill/outbox_sqlite.h"

namespace {

bool run(sqlite3* connection, const char* sql) {
  return sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

}  // namespace

/// Commits one order with its message into the database that the first argument names.
int main(int argc, char** argv) {
  sqlite3* shop = nullptr;
  if (argc != 2 || sqlite3_open(argv[1], &shop) != SQLITE_OK) return 2;
  waybill::Message message;
  message.topic = waybill::Topic("orders.created");
  message.key = waybill::Key("17");
  message.payload = R"({"order": 17})";
  if (!run(shop, "CREATE TABLE IF NOT EXISTS orders (id INTEGER); BEGIN; INSERT INTO orders VALUES (17)")) return 1;
  const auto id = waybill::sqlite::send(shop, message);
  if (!id || !run(shop, "COMMIT")) {
    std::cerr << (id ? "the commit failed" : id.error().message()) << "\n";
    return 1;
  }
  std::cout << id->str() << "\n";
  return sqlite3_close(shop) == SQLITE_OK ? 0 : 1;
}
