#include "tables.hpp"

#include <map>

namespace shop {
namespace {

using waybill::Status;

// No table but the stock and the orders forbids a repetition: it must be the guards that prevent it, and the
// demonstration must see it when they don't.
constexpr const char* order_table =
    "CREATE TABLE IF NOT EXISTS shop_order (id TEXT PRIMARY KEY, ordered_on TEXT, customer TEXT, ship_mode TEXT)";
constexpr const char* order_line_table =
    "CREATE TABLE IF NOT EXISTS shop_order_line (order_id TEXT, line BIGINT, product TEXT, quantity BIGINT, "
    "PRIMARY KEY (order_id, line))";
constexpr const char* stock_table =
    "CREATE TABLE IF NOT EXISTS shop_stock (product TEXT PRIMARY KEY, version BIGINT NOT NULL, units BIGINT NOT NULL)";
constexpr const char* movement_table =
    "CREATE TABLE IF NOT EXISTS shop_movement (product TEXT, order_id TEXT, line BIGINT, units BIGINT)";
constexpr const char* shipment_table = "CREATE TABLE IF NOT EXISTS shop_shipment (order_id TEXT, ship_mode TEXT)";
constexpr const char* delivery_table =
    "CREATE TABLE IF NOT EXISTS shop_delivery (service TEXT, message_id TEXT, attempt BIGINT, redelivered BIGINT)";
constexpr const char* tables[] = {order_table,    order_line_table, stock_table,
                                  movement_table, shipment_table,   delivery_table};

Status fill(Database& database, const std::vector<Order>& orders) {
  std::map<std::string, std::int64_t> units;
  for (const auto& order : orders) {
    for (const auto& line : order.lines) units[line.product] += line.quantity;
  }
  for (const char* table : tables) {
    if (auto made = database.run(table); !made) return std::move(made).error();
  }
  for (const auto& [product, number] : units) {
    auto stored = database.run(
        "INSERT INTO shop_stock (product, version, units) VALUES ($1, 1, $2) ON CONFLICT (product) DO NOTHING",
        {product, std::to_string(number)});
    if (!stored) return std::move(stored).error();
  }
  return {};
}

}  // namespace

Status set_up(Database& database, const std::vector<Order>& orders) {
  if (auto begun = database.begin(); !begun) return begun;
  auto done = fill(database, orders);
  if (done) done = database.commit();
  if (!done) database.rollback();
  return done;
}

}  // namespace shop
