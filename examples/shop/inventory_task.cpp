#include "inventory_task.hpp"

#include <algorithm>

namespace shop {

std::string operation_of(const Task& task) { return task.order->id + " line " + std::to_string(task.line->line); }

waybill::Mark mark_of(const Task& task) {
  waybill::Mark mark;
  mark.consumer = "inventory";
  mark.unique_id = task.line->product;
  mark.fingerprint = operation_of(task);
  mark.digest = waybill::content_digest(mark.fingerprint + " takes " + std::to_string(task.line->quantity));
  mark.message_id = task.delivery->message.id.str();
  mark.persisted_at_ms = task.delivery->persisted_at_ms;
  return mark;
}

waybill::Status LineByLine::apply(Database& database, std::span<const Received> batch) {
  std::vector<Task> tasks;
  for (const auto& [delivery, order] : batch) {
    for (const auto& line : order.lines) tasks.push_back({&order, &delivery, &line});
  }
  std::sort(tasks.begin(), tasks.end(), [](const Task& a, const Task& b) { return a.line->product < b.line->product; });
  for (const auto& task : tasks) {
    if (auto taken = take_units(database, task); !taken) return taken;
  }
  return {};
}

waybill::Status write_movement(Database& database, const Task& task) {
  auto moved = database.run(
      "INSERT INTO shop_movement (product, order_id, line, units) VALUES ($1, $2, $3, $4)",
      {task.line->product, task.order->id, std::to_string(task.line->line), std::to_string(task.line->quantity)});
  return moved ? waybill::Status{} : waybill::Status{std::move(moved).error()};
}

}  // namespace shop
