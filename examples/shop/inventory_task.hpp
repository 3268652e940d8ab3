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

/// Does the lines of all orders one after the other, by product: in one order everywhere, so that two services don't
/// wait for each other in a circle.
class LineByLine : public Work {
 public:
  waybill::Status apply(Database& database, std::span<const Received> batch) override;

 protected:
  virtual waybill::Status take_units(Database& database, const Task& task) = 0;
};

/// Writes down that the units were taken: in the table `shop_movement`.
waybill::Status write_movement(Database& database, const Task& task);

}  // namespace shop
