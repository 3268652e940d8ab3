/// The order service: commits each order, its lines and its message in one transaction. Started again, it goes on where
/// it was.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include "database.hpp"
#include "order.hpp"
#include "tables.hpp"

namespace {

using namespace std::chrono_literals;
using shop::Database;
using shop::Order;
using waybill::ErrorCode;
using waybill::Status;

struct Options {
  std::string store;
  std::string csv = "build/data/superstore.csv";
  double rate = 0;
  bool set_up = false;
};

Status insert(Database& database, const Order& order) {
  auto inserted = database.run(
      "INSERT INTO shop_order (id, ordered_on, customer, ship_mode) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO "
      "NOTHING",
      {order.id, order.ordered_on, order.customer, order.ship_mode});
  if (!inserted) return std::move(inserted).error();
  if (inserted->changed == 0) return {};  // committed before we were stopped, or before the answer got lost
  for (const auto& line : order.lines) {
    auto stored =
        database.run("INSERT INTO shop_order_line (order_id, line, product, quantity) VALUES ($1, $2, $3, $4)",
                     {order.id, std::to_string(line.line), line.product, std::to_string(line.quantity)});
    if (!stored) return std::move(stored).error();
  }
  auto sent = database.send(shop::order_created(order));
  return sent ? Status{} : Status{std::move(sent).error()};
}

Status place(Database& database, const Order& order) {
  if (auto begun = database.begin(); !begun) return begun;
  auto done = insert(database, order);
  if (done) done = database.commit();
  if (!done) database.rollback();
  return done;
}

class OrderService {
 public:
  explicit OrderService(const Options& options) : options_(options) {}

  /// Does it until it is done, over lost connections and busy databases.
  template <class Act>
  Status persevere(const Act& act) {
    for (auto pause = 10ms;; pause = std::min(pause * 2, 1000ms)) {
      auto done = connected();
      if (done) done = act(*database_);
      if (done || !done.error().is_transient()) return done;
      if (done.error().code() == ErrorCode::unreachable) database_.reset();
      std::this_thread::sleep_for(pause);
    }
  }

  Status run(const std::vector<Order>& orders) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t n = 0; n < orders.size(); ++n) {
      if (options_.rate > 0) {
        const std::chrono::duration<double> due(static_cast<double>(n) / options_.rate);
        std::this_thread::sleep_until(start + std::chrono::duration_cast<std::chrono::nanoseconds>(due));
      }
      auto placed = persevere([&](Database& database) { return place(database, orders[n]); });
      if (!placed) return placed;
    }
    return {};
  }

 private:
  Status connected() {
    if (database_) return {};
    auto opened = shop::open_database(options_.store);
    if (!opened) return std::move(opened).error();
    database_ = std::move(*opened);
    return {};
  }

  const Options& options_;
  std::unique_ptr<Database> database_;
};

Status serve(const Options& options) {
  auto orders = shop::read_orders(options.csv);
  if (!orders) return std::move(orders).error();
  OrderService service(options);
  if (options.set_up) {
    return service.persevere([&](Database& database) { return shop::set_up(database, *orders); });
  }
  return service.run(*orders);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("The shop's order service: commits the orders of the sample, each with its message");
  app.add_option("--store", options.store, "its database: sqlite:///path or postgresql://...")->required();
  app.add_option("--csv", options.csv, "the sample's file")->capture_default_str();
  app.add_option("--rate", options.rate, "orders a second; 0: as fast as it goes")->capture_default_str();
  app.add_flag("--set-up", options.set_up, "only creates the shop's tables and fills the stock");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  const auto done = serve(options);
  if (done) return 0;
  std::cerr << "orders: " << done.error().message() << std::endl;
  return 1;
}
