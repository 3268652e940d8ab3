#include "inventory.hpp"
#include "inventory_task.hpp"

namespace shop {
namespace {

using waybill::Error;
using waybill::ErrorCode;
using waybill::Once;
using waybill::Status;
using waybill::Version;

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

Status change_stock(Database& database, const Task& task) {
  auto stock = claim_stock(database, task.line->product);
  if (!stock) return std::move(stock).error();
  auto taken = database.run("UPDATE shop_stock SET units = $1 WHERE product = $2",
                            {std::to_string(stock->units - task.line->quantity), task.line->product});
  if (!taken) return std::move(taken).error();
  return write_movement(database, task);
}

class InventoryInSql final : public LineByLine {
  Status take_units(Database& database, const Task& task) override {
    auto answer = database.once(mark_of(task));
    if (!answer) return std::move(answer).error();
    if (*answer == Once::fresh) return change_stock(database, task);
    tell("inventory", *answer, "order " + operation_of(task));
    return {};
  }
};

}  // namespace

std::unique_ptr<Work> inventory_in_sql() { return std::make_unique<InventoryInSql>(); }

}  // namespace shop
