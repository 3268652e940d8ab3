/// A flash sale: many buyers want one product at the same moment. Stock and orders are in Redis; each purchase is one
/// atomic step that takes the units, writes the order, leaves an entry for `waybill sync`, and persists the message
/// that tells logistics. Started again it buys again what it may have bought already: the guard sees to it that nobody
/// pays twice.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>

#include "order.hpp"
#include "redis_link.hpp"
#include "waybill/inbox_redis.h"

namespace {

using namespace std::chrono_literals;
using waybill::Error;
using waybill::ErrorCode;
using waybill::Status;
namespace redis = waybill::redis;
using Answer = redis::Applied::Result;

constexpr const char* product = "chair";
constexpr const char* stock_key = "{sale}:stock";
constexpr const char* orders_key = "{sale}:orders";
constexpr const char* journal_key = "{sale}:journal";

struct Options {
  std::string redis;
  int purchases = 6000;
  int buyers = 8;
  double rate = 0;
  std::uint64_t most_waiting = 20'000;
};

struct Purchase {
  std::string id;
  std::string buyer;
  std::int64_t units;
};

/// One to three units; the last ones are single, so that the very last unit finds a buyer too.
Purchase purchase(int number, int purchases) {
  const auto name = std::to_string(number);
  return {"sale-" + name, "buyer-" + name, number > purchases - purchases / 10 ? 1 : number % 3 + 1};
}

shop::Order order_of(const Purchase& purchase) {
  return {purchase.id, "", purchase.buyer, "First Class", {{1, product, "Chair", purchase.units}}};
}

class Buyer {
 public:
  Buyer(const Options& options, shop::RedisLink link) : options_(options), link_(std::move(link)) {}

  /// Asks until it is known what became of it, whatever becomes of Redis meanwhile.
  Status buy(const Purchase& purchase) {
    for (auto pause = 10ms;; pause = std::min(pause * 2, 500ms)) {
      auto bought = try_to_buy(purchase);
      if (bought || !bought.error().is_transient()) return bought;
      std::this_thread::sleep_for(pause);
    }
  }

 private:
  Status try_to_buy(const Purchase& purchase) {
    auto connection = link_.open();
    if (!connection) return connection.error();
    auto told = redis::send(shop::order_created(order_of(purchase)));
    if (!told) return told.error();
    waybill::Mark mark;
    mark.consumer = "sale";
    mark.unique_id = product;
    mark.fingerprint = purchase.id;
    const auto units = std::to_string(purchase.units);
    auto applied = redis::apply(
        *connection, mark,
        {redis::take(stock_key, purchase.units), redis::hash_set(orders_key, purchase.id, units),
         redis::journal(journal_key, "order", purchase.id,
                        {{"id", purchase.id}, {"buyer", purchase.buyer}, {"units", units}}, options_.most_waiting),
         redis::journal(journal_key, "stock", product, {{"product", product}, {"units", units}}, options_.most_waiting),
         *told});
    if (!applied) return link_.lost(applied.error());
    // Sold out is an answer too.
    if (applied->result == Answer::full) return Error{ErrorCode::busy, "the journal is full"};
    return {};
  }

  const Options& options_;
  shop::RedisLink link_;
};

/// Purchases in turn for all buyers, at the pace of the sale.
class Sale {
 public:
  explicit Sale(const Options& options) : options_(options) {}

  Status run() {
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(options_.buyers));
    for (int n = 0; n < options_.buyers; ++n) threads.emplace_back([this] { buy(); });
    for (auto& thread : threads) thread.join();
    return failed_ ? Status{Error{ErrorCode::refused, "a buyer has given up"}} : Status{};
  }

 private:
  void buy() {
    auto link = shop::RedisLink::of(options_.redis);
    if (!link) return complain(link.error());
    Buyer buyer(options_, std::move(*link));
    for (int number = next_++; number < options_.purchases && !failed_; number = next_++) {
      if (options_.rate > 0) {
        const std::chrono::duration<double> due(number / options_.rate);
        std::this_thread::sleep_until(start_ + std::chrono::duration_cast<std::chrono::nanoseconds>(due));
      }
      if (auto bought = buyer.buy(purchase(number, options_.purchases)); !bought) return complain(bought.error());
    }
  }

  void complain(const Error& error) {
    std::cerr << "buyers: " + error.message() + "\n";
    failed_ = true;
  }

  const Options& options_;
  std::atomic<int> next_{0};
  std::atomic<bool> failed_{false};
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("The buyers of a flash sale");
  app.add_option("--redis", options.redis, "redis://:password@host:port/database")->required();
  app.add_option("--purchases", options.purchases, "how many")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--buyers", options.buyers, "at the same time")->capture_default_str()->check(CLI::Range(1, 1000));
  app.add_option("--rate", options.rate, "purchases a second; 0: as fast as it goes")->capture_default_str();
  app.add_option("--most-waiting", options.most_waiting, "entries that may wait for the database")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  const auto done = Sale(options).run();
  if (done) return 0;
  std::cerr << "buyers: " << done.error().message() << std::endl;
  return 1;
}
