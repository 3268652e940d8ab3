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

/// One line of an order that was received.
struct Task {
  const Order* order;
  const Delivery* delivery;
  const OrderLine* line;
};

std::string operation_of(const Task& task) { return task.order->id + " line " + std::to_string(task.line->line); }

/// The product is what the effect is about; the order and its line tell one operation on it from the next.
Mark mark_of(const Task& task) {
  Mark mark;
  mark.consumer = "inventory";
  mark.unique_id = task.line->product;
  mark.fingerprint = operation_of(task);
  mark.digest = waybill::content_digest(mark.fingerprint + " takes " + std::to_string(task.line->quantity));
  mark.message_id = task.delivery->message.id.str();
  mark.persisted_at_ms = task.delivery->persisted_at_ms;
  return mark;
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

/// In one order of products everywhere, so that two services don't wait for each other in a circle.
std::vector<Task> tasks_of(std::span<const shop::Received> batch) {
  std::vector<Task> tasks;
  for (const auto& [delivery, order] : batch) {
    for (const auto& line : order.lines) tasks.push_back({&order, &delivery, &line});
  }
  std::sort(tasks.begin(), tasks.end(), [](const Task& a, const Task& b) { return a.line->product < b.line->product; });
  return tasks;
}

Status take_all(Database& database, std::span<const shop::Received> batch) {
  for (const auto& task : tasks_of(batch)) {
    auto answer = database.once(mark_of(task));
    if (!answer) return std::move(answer).error();
    if (*answer != Once::fresh) {
      shop::tell("inventory", *answer, "order " + operation_of(task));
      continue;
    }
    if (auto taken = take_units(database, *task.order, *task.line); !taken) return taken;
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) { return shop::run_service(shop::service_options("inventory", argc, argv), take_all); }
