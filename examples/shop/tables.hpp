#pragma once

#include <vector>

#include "database.hpp"
#include "order.hpp"

namespace shop {

/// Creates the shop's own tables, if they are missing, and puts exactly as many units of each product on stock as the
/// orders will take.
waybill::Status set_up(Database& database, const std::vector<Order>& orders);

}  // namespace shop
