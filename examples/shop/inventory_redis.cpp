#include "inventory.hpp"
#include "inventory_task.hpp"
#include "redis_link.hpp"
#include "waybill/inbox_redis.h"

namespace shop {
namespace {

using waybill::Error;
using waybill::ErrorCode;
using waybill::Once;
using waybill::Status;
namespace redis = waybill::redis;
using Answer = redis::Applied::Result;

constexpr const char* stock_key = "{stock}:units";
constexpr const char* movements_key = "{stock}:movements";
constexpr const char* journal_key = "{stock}:journal";
// A database that is away holds the consumers up; it does not fill Redis.
constexpr std::uint64_t most_waiting = 20'000;

/// Each field of the movements counts its units: a line that is taken twice would be seen.
std::vector<redis::Effect> effects_in_redis(const Task& task) {
  return {redis::hash_take(stock_key, task.line->product, task.line->quantity),
          redis::hash_add(movements_key, task.order->id + "/" + std::to_string(task.line->line), task.line->quantity)};
}

/// Units, movement and stock for the database, in the order in which they happened to the product.
std::vector<redis::Effect> effects_with_journal(const Task& task) {
  const auto units = std::to_string(task.line->quantity);
  return {redis::hash_take(stock_key, task.line->product, task.line->quantity),
          redis::journal(journal_key, "movement", task.line->product,
                         {{"product", task.line->product},
                          {"order", task.order->id},
                          {"line", std::to_string(task.line->line)},
                          {"units", units}},
                         most_waiting),
          redis::journal(journal_key, "stock", task.line->product, {{"product", task.line->product}, {"units", units}},
                         most_waiting)};
}

class InventoryInRedis final : public LineByLine {
 public:
  InventoryInRedis(RedisLink link, bool journal) : link_(std::move(link)), journal_(journal) {}

 private:
  Status take_units(Database&, const Task& task) override {
    auto connection = link_.open();
    if (!connection) return connection.error();
    auto applied =
        redis::apply(*connection, mark_of(task), journal_ ? effects_with_journal(task) : effects_in_redis(task));
    if (!applied) return link_.lost(applied.error());
    const auto what = "order " + operation_of(task);
    if (applied->result == Answer::full) return Error{ErrorCode::busy, "the journal is full"};
    if (applied->result == Answer::too_little) return Error{ErrorCode::not_found, "too little on stock for " + what};
    if (applied->result == Answer::conflict) tell("inventory", Once::conflict, what);
    if (applied->result == Answer::expired) tell("inventory", Once::expired, what);
    return {};
  }

  RedisLink link_;
  bool journal_;
};

}  // namespace

waybill::Result<std::unique_ptr<Work>> inventory_in_redis(const std::string& url, bool journal) {
  auto link = RedisLink::of(url);
  if (!link) return link.error();
  return std::unique_ptr<Work>(std::make_unique<InventoryInRedis>(std::move(*link), journal));
}

}  // namespace shop
