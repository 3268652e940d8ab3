#include <nlohmann/json.hpp>

#include "order.hpp"

namespace shop {

using waybill::Error;
using waybill::ErrorCode;

std::string to_json(const Order& order) {
  auto lines = nlohmann::json::array();
  for (const auto& line : order.lines) {
    lines.push_back({{"line", line.line}, {"product", line.product}, {"name", line.name}, {"quantity", line.quantity}});
  }
  return nlohmann::json{{"order", order.id},
                        {"ordered_on", order.ordered_on},
                        {"customer", order.customer},
                        {"ship_mode", order.ship_mode},
                        {"lines", std::move(lines)}}
      .dump();
}

waybill::Result<Order> order_from_json(std::string_view json) {
  // The library reports by exceptions; none may leave this function.
  try {
    const auto document = nlohmann::json::parse(json);
    Order order{document.at("order").get<std::string>(),
                document.at("ordered_on").get<std::string>(),
                document.at("customer").get<std::string>(),
                document.at("ship_mode").get<std::string>(),
                {}};
    for (const auto& line : document.at("lines")) {
      order.lines.push_back({line.at("line").get<std::int64_t>(), line.at("product").get<std::string>(),
                             line.at("name").get<std::string>(), line.at("quantity").get<std::int64_t>()});
    }
    return order;
  } catch (const nlohmann::json::exception& problem) {
    return Error{ErrorCode::corrupt, std::string{"not an order: "} + problem.what()};
  }
}

waybill::Message order_created(const Order& order) {
  waybill::Message message;
  message.topic = waybill::Topic{"orders.created"};
  message.key = waybill::Key{order.id};
  message.payload = to_json(order);
  message.content_type = "application/json";
  return message;
}

}  // namespace shop
