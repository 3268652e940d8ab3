#pragma once

/// \file
/// What the inventory service has to do for one line of an order, however its stock is kept.

#include <span>
#include <string>
#include <vector>

#include "service.hpp"
#include "waybill/inbox.h"

namespace shop {

struct Task {
  const Order* order;
  const waybill::Delivery* delivery;
  const OrderLine* line;
};

/// Order and line: what tells one operation on a product from the next.
std::string operation_of(const Task& task);

/// The product is what the effect is about, the operation its fingerprint.
waybill::Mark mark_of(const Task& task);

/// The lines of all orders, by product: in one order everywhere, so that two services don't wait for each other in a
/// circle.
std::vector<Task> tasks_of(std::span<const Received> batch);

/// Writes down that the units were taken: in the table `shop_movement`.
waybill::Status write_movement(Database& database, const Task& task);

}  // namespace shop
