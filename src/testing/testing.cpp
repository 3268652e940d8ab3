// Relay and broker in one loop, for tests of services.

#include "waybill/testing.h"

#include <memory>
#include <utility>
#include <vector>

#include "core/config.hpp"
#include "core/text.hpp"
#include "core/uuid.hpp"
#include "store/store.hpp"

namespace waybill::testing {
namespace {

Result<std::unique_ptr<store::Store>> open(const std::string& url) {
  StoreConfig config;
  config.name = "test";
  config.url = Secret{url};
  return store::open_store(config);
}

Delivery delivery_of(const store::Claimed& claimed, unsigned copy) {
  Delivery delivery;
  delivery.message = *claimed.message;
  delivery.attempt = claimed.attempt + copy;
  const auto made_at = uuid7_unix_ms(claimed.message->id.str());
  delivery.persisted_at_ms = made_at ? *made_at : claimed.stored_at_ms;
  return delivery;
}

/// Settles what was consumed, also when `consume` throws at a later message.
class Consumed {
 public:
  explicit Consumed(store::Lane& lane) : lane_(lane) {}
  Consumed(const Consumed&) = delete;
  Consumed& operator=(const Consumed&) = delete;
  ~Consumed() { [[maybe_unused]] const auto settled = settle(); }

  void add(const store::Claimed& claimed) {
    store::Settlement settlement;
    settlement.ticket = claimed.ticket;
    settlement.origin = claimed.origin;
    settlement.attempt = claimed.attempt;
    batch_.messages.push_back(std::move(settlement));
  }

  Status settle() {
    if (batch_.messages.empty()) return {};
    const auto report = lane_.settle(std::exchange(batch_, {}));
    return report ? Status{} : Status{report.error()};
  }

 private:
  store::Lane& lane_;
  store::SettleBatch batch_;
};

Result<std::size_t> deliver_lane(store::Lane& lane, const Consume& consume, const Deliveries& deliveries) {
  std::size_t count = 0;
  while (true) {
    const auto fetched = lane.fetch({});
    if (!fetched) return fetched.error();
    Consumed consumed(lane);
    for (const auto& claimed : fetched->messages) {
      if (claimed.wait > Duration::zero() || !claimed.defect.empty()) continue;
      for (unsigned copy = 0; copy < deliveries.copies; ++copy) consume(delivery_of(claimed, copy));
      consumed.add(claimed);
      ++count;
    }
    if (auto settled = consumed.settle(); !settled) return settled.error();
    if (fetched->messages.empty() && !fetched->more) return count;
  }
}

}  // namespace

Status make_tables(const std::string& store_url) {
  const auto store = open(store_url);
  return store ? (*store)->migrate() : Status{store.error()};
}

Result<std::size_t> deliver_all(const std::string& store_url, const Consume& consume, Deliveries deliveries) {
  const auto store = open(store_url);
  if (!store) return store.error();
  const auto lanes = (*store)->lanes();
  if (!lanes) return lanes.error();
  std::size_t count = 0;
  for (std::uint32_t number = 0; number < *lanes; ++number) {
    const auto lane = (*store)->acquire(number, process_name());
    if (!lane) return lane.error();
    const auto delivered = deliver_lane(**lane, consume, deliveries);
    if (!delivered) return delivered.error();
    count += *delivered;
  }
  return count;
}

}  // namespace waybill::testing
