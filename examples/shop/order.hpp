#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "waybill/message.h"
#include "waybill/result.h"

namespace shop {

struct OrderLine {
  std::int64_t line = 0;  ///< from 1 inside its order
  std::string product;    ///< the product's number
  std::string name;
  std::int64_t quantity = 0;
};

struct Order {
  std::string id;
  std::string ordered_on;
  std::string customer;
  std::string ship_mode;
  std::vector<OrderLine> lines;
};

/// Reads the public "superstore" sample and joins its lines to orders, in the order of their first lines. Errors name
/// the file, the line, and what is wrong with it.
waybill::Result<std::vector<Order>> read_orders(const std::string& file);

/// The payload of `orders.created`: an order with its lines as JSON.
std::string to_json(const Order& order);
waybill::Result<Order> order_from_json(std::string_view json);

/// The message `orders.created`, with the order's number as its key.
waybill::Message order_created(const Order& order);

}  // namespace shop
