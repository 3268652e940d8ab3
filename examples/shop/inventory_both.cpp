#include <algorithm>
#include <chrono>
#include <thread>

#include "inventory.hpp"
#include "inventory_task.hpp"
#include "redis_link.hpp"
#include "waybill/inbox_redis.h"

namespace shop {
namespace {

using namespace std::chrono_literals;
using waybill::Error;
using waybill::ErrorCode;
using waybill::Mark;
using waybill::Once;
using waybill::Status;
namespace redis = waybill::redis;
using Answer = redis::Reserved::Result;

constexpr const char* stock_key = "{stock}:units";

/// Redis reserves, the database decides, Redis completes. What a crash leaves between, `waybill inbox reconcile`
/// settles.
class InventoryInBoth final : public LineByLine {
 public:
  explicit InventoryInBoth(RedisLink link) : link_(std::move(link)) {}

  Status apply(Database& database, std::span<const Received> batch) override {
    attempts_.clear();
    return LineByLine::apply(database, batch);
  }

  Status committed() override {
    return end_all([](redisContext* connection, const Attempt& attempt) {
      return redis::complete(connection, attempt.mark, attempt.id, stock_key);
    });
  }

  void rolled_back() override {
    static_cast<void>(end_all([](redisContext* connection, const Attempt& attempt) {
      return redis::release(connection, attempt.mark, attempt.id, stock_key);
    }));
  }

 private:
  struct Attempt {
    Mark mark;
    std::string id;
  };

  Status take_units(Database& database, const Task& task) override {
    auto connection = link_.open();
    if (!connection) return connection.error();
    const auto mark = mark_of(task);
    const auto what = "order " + operation_of(task);
    auto reserved =
        redis::reserve(*connection, mark, {redis::hash_take(stock_key, task.line->product, task.line->quantity)});
    if (!reserved) return link_.lost(reserved.error());
    switch (reserved->result) {
      case Answer::reserved:
        break;
      case Answer::pending:
        return Error{ErrorCode::busy, what + " is reserved by another attempt"};
      case Answer::too_little:
        return Error{ErrorCode::not_found, "too little on stock for " + what};
      case Answer::full:
        return Error{ErrorCode::busy, "the journal is full"};
      case Answer::conflict:
        tell("inventory", Once::conflict, what);
        return {};
      case Answer::expired:
        tell("inventory", Once::expired, what);
        return {};
      case Answer::duplicate:
        return {};
    }
    attempts_.push_back({mark, reserved->attempt});
    return write(database, task, attempts_.back());
  }

  Status write(Database& database, const Task& task, const Attempt& attempt) {
    auto operation = database.once(attempt.mark);
    if (!operation) return std::move(operation).error();
    // The database has it already, so it has decided: Redis only needs to be completed.
    if (*operation != Once::fresh) return {};
    auto mine = database.once(redis::attempt_mark(attempt.id));
    if (!mine) return std::move(mine).error();
    if (*mine != Once::fresh) return Error{ErrorCode::busy, "the attempt was given up meanwhile"};
    return write_movement(database, task);
  }

  /// Until Redis has answered for each: what is not ended here waits for the reconciler.
  template <class End>
  Status end_all(const End& end) {
    Status last;
    for (auto pause = 10ms; !attempts_.empty() && pause < 2000ms;) {
      last = end_last(end);
      if (last) {
        attempts_.pop_back();
        continue;
      }
      if (!last.error().is_transient()) return last;
      std::this_thread::sleep_for(pause);
      pause *= 2;
    }
    return last;
  }

  template <class End>
  Status end_last(const End& end) {
    auto connection = link_.open();
    if (!connection) return connection.error();
    auto ended = end(*connection, attempts_.back());
    return ended ? Status{} : Status{link_.lost(ended.error())};
  }

  RedisLink link_;
  std::vector<Attempt> attempts_;
};

}  // namespace

waybill::Result<std::unique_ptr<Work>> inventory_in_both(const std::string& url) {
  auto link = RedisLink::of(url);
  if (!link) return link.error();
  return std::unique_ptr<Work>(std::make_unique<InventoryInBoth>(std::move(*link)));
}

}  // namespace shop
