#include "relay/service.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include "broker/publisher.hpp"
#include "relay/store_site.hpp"
#include "relay/tables.hpp"

namespace waybill::relay {
namespace {

/// What a start must refuse, because waiting mends nothing.
Status check_tables(store::Store& store) {
  const auto schema = store.schema();
  if (!schema) {
    const bool lasting = !schema.error().is_transient() && schema.error().code() != ErrorCode::unauthorized;
    return lasting ? Status{schema.error()} : Status{};
  }
  return require_current(*schema, store.config().name);
}

/// A setting that the broker's client refuses: nothing is connected yet.
Status check_brokers(const Config& config) {
  for (const BrokerConfig& broker : config.brokers) {
    if (auto publisher = broker::open_publisher(broker); !publisher) return std::move(publisher).error();
  }
  return {};
}

class ServiceOfSites final : public Service {
 public:
  ServiceOfSites(const Config& config, std::vector<std::unique_ptr<store::Store>> stores, const Outlets& outlets)
      : config_(config) {
    for (auto& store : stores) sites_.push_back(std::make_unique<StoreSite>(config_, std::move(store), outlets));
  }

  bool stop(Duration limit) override {
    const std::lock_guard one_at_a_time(stopping_);
    const Deadline deadline = Deadline::after(limit);
    for (auto& site : sites_) site->request_stop();
    bool clean = true;
    for (auto& site : sites_) clean = site->await_stopped(deadline) && clean;
    end_sites();
    return clean;
  }

  bool drained() const override {
    const std::lock_guard lock(mutex_);
    for (const auto& site : sites_) {
      if (!site->drained()) return false;
    }
    return true;
  }

  std::vector<SiteFigures> figures() const override {
    const std::lock_guard lock(mutex_);
    std::vector<SiteFigures> all;
    for (const auto& site : sites_) all.push_back(site->figures());
    return all;
  }

  std::optional<Error> fatal() const override {
    const std::lock_guard lock(mutex_);
    for (const auto& site : sites_) {
      if (auto error = site->fatal()) return error;
    }
    return std::nullopt;
  }

 private:
  // Taken away under the lock and ended outside it: the threads' ends take time.
  void end_sites() {
    std::vector<std::unique_ptr<StoreSite>> ended;
    const std::lock_guard lock(mutex_);
    ended.swap(sites_);
  }

  const Config config_;
  std::mutex stopping_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<StoreSite>> sites_;  // changed under both mutexes
};

}  // namespace

Result<std::unique_ptr<Service>> Service::start(const Config& config, Outlets outlets) {
  if (!outlets.log) outlets.log = [](std::string_view, std::string_view) {};
  if (auto ready = config.ready_to_relay(); !ready) return ready.error();
  if (auto brokers = check_brokers(config); !brokers) return brokers.error();
  std::vector<std::unique_ptr<store::Store>> stores;
  for (const auto& store_config : config.stores) {
    auto store = store::open_store(store_config);
    if (!store) return store.error();
    if (auto tables = check_tables(**store); !tables) return tables.error();
    stores.push_back(std::move(*store));
  }
  return std::unique_ptr<Service>(std::make_unique<ServiceOfSites>(config, std::move(stores), outlets));
}

}  // namespace waybill::relay
