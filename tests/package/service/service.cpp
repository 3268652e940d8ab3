#include <sqlite3.h>

#include <iostream>

#include "waybill/consumer.h"
#include "waybill/inbox_sqlite.h"
#include "waybill/relay.h"
#include "waybill/testing.h"

namespace {

/// Consumes what is waiting, each message delivered twice, and tells how often its effect was done.
int consume(const char* file) {
  sqlite3* shop = nullptr;
  if (sqlite3_open(file, &shop) != SQLITE_OK) return 2;
  int deliveries = 0;
  int effects = 0;
  const auto given = waybill::testing::deliver_all(std::string("sqlite://") + file,
                                                   [&](const waybill::Delivery& delivery) {
                                                     ++deliveries;
                                                     waybill::Mark mark;
                                                     mark.consumer = "inventory";
                                                     mark.unique_id = delivery.message.key->str();
                                                     mark.fingerprint = delivery.message.id.str();
                                                     sqlite3_exec(shop, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
                                                     const auto found = waybill::sqlite::once(shop, mark);
                                                     if (found && *found == waybill::Once::fresh) ++effects;
                                                     sqlite3_exec(shop, "COMMIT", nullptr, nullptr, nullptr);
                                                   },
                                                   {2});
  if (!given) std::cerr << given.error().message() << "\n";
  std::cout << "deliveries " << deliveries << ", effects " << effects << "\n";
  sqlite3_close(shop);
  return given ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  waybill::ConsumerOptions nowhere;
  nowhere.url = "carrier-pigeon://localhost";
  if (waybill::open_consumer(nowhere)) return 1;
  if (waybill::Relay::start("/nonexistent.toml")) return 1;
  return consume(argv[1]);
}
