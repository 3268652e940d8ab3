/// The logistics service: one shipment for each order, however often the order arrives.

#include "service.hpp"

namespace {

using shop::Database;
using shop::Order;
using waybill::Delivery;
using waybill::Mark;
using waybill::Once;
using waybill::Status;

Status ship(Database& database, const Order& order, const Delivery& delivery) {
  Mark mark;
  mark.consumer = "logistics";
  mark.unique_id = order.id;
  mark.fingerprint = "shipment";
  mark.digest = waybill::content_digest(delivery.message.payload);
  mark.message_id = delivery.message.id.str();
  mark.persisted_at_ms = delivery.persisted_at_ms;
  auto answer = database.once(mark);
  if (!answer) return std::move(answer).error();
  if (*answer != Once::fresh) {
    shop::tell("logistics", *answer, "order " + order.id);
    return {};
  }
  auto shipped =
      database.run("INSERT INTO shop_shipment (order_id, ship_mode) VALUES ($1, $2)", {order.id, order.ship_mode});
  return shipped ? Status{} : Status{std::move(shipped).error()};
}

class Logistics final : public shop::Work {
 public:
  Status apply(Database& database, std::span<const shop::Received> batch) override {
    for (const auto& [delivery, order] : batch) {
      if (auto shipped = ship(database, order, delivery); !shipped) return shipped;
    }
    return {};
  }
};

}  // namespace

int main(int argc, char** argv) {
  Logistics logistics;
  return shop::run_service(shop::service_options("logistics", argc, argv), logistics);
}
