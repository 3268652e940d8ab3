/// The inventory service: takes each line's units from the product's stock. `once` sees to it that a line is taken
/// once; `version` that two inventory services never overwrite each other's stock.

#include <algorithm>

#include "service.hpp"

namespace {

using shop::Database;
using shop::Order;
using shop::OrderLine;
using waybill::Delivery;
using waybill::Error;
using waybill::ErrorCode;
using waybill::Mark;
using waybill::Once;
using waybill::Status;
using waybill::Version;

/// The product is what the effect is about; the order and its line tell one operation on it from the next.
Mark mark_of(const Order& order, const OrderLine& line, const Delivery& delivery) {
  const auto operation = order.id + " line " + std::to_string(line.line);
  return {"inventory",
          line.product,
          operation,
          waybill::content_digest(operation + " takes " + std::to_string(line.quantity)),
          delivery.message.id.str(),
          delivery.persisted_at_ms};
}

struct Stock {
  std::int64_t version = 0;
  std::int64_t units = 0;
};

waybill::Result<Stock> stock_of(Database& database, const std::string& product) {
  auto answer = database.run("SELECT version, units FROM shop_stock WHERE product = $1", {product});
  if (!answer) return std::move(answer).error();
  if (answer->rows.empty()) return Error{ErrorCode::not_found, "there is no product " + product};
  const auto& row = answer->rows.front();
  return Stock{std::stoll(row[0]), std::stoll(row[1])};
}

/// Reads the stock and makes its row ours. When another inventory service changed it just between, reads it again.
waybill::Result<Stock> claim_stock(Database& database, const std::string& product) {
  constexpr int patience = 5;
  for (int n = 0; n < patience; ++n) {
    auto stock = stock_of(database, product);
    if (!stock) return stock;
    auto version = database.bump_version({"shop_stock", "product", "version", product, stock->version});
    if (!version) return std::move(version).error();
    if (*version == Version::applied) return stock;
  }
  return Error{ErrorCode::busy, "other inventory services change product " + product + " all the time"};
}

Status take_units(Database& database, const Order& order, const OrderLine& line) {
  auto stock = claim_stock(database, line.product);
  if (!stock) return std::move(stock).error();
  auto taken = database.run("UPDATE shop_stock SET units = $1 WHERE product = $2",
                            {std::to_string(stock->units - line.quantity), line.product});
  if (!taken) return std::move(taken).error();
  auto moved = database.run("INSERT INTO shop_movement (product, order_id, line, units) VALUES ($1, $2, $3, $4)",
                            {line.product, order.id, std::to_string(line.line), std::to_string(line.quantity)});
  return moved ? Status{} : Status{std::move(moved).error()};
}

Status take_order(Database& database, const Order& order, const Delivery& delivery) {
  // In one order of products everywhere, so that two services don't wait for each other in a circle.
  auto lines = order.lines;
  std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.product < b.product; });
  for (const auto& line : lines) {
    auto answer = database.once(mark_of(order, line, delivery));
    if (!answer) return std::move(answer).error();
    if (*answer != Once::fresh) {
      shop::tell("inventory", *answer, "order " + order.id + " line " + std::to_string(line.line));
      continue;
    }
    if (auto taken = take_units(database, order, line); !taken) return taken;
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  return shop::run_service(shop::service_options("inventory", argc, argv), take_order);
}
