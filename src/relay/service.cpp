#include "relay/service.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "relay/lane_loop.hpp"
#include "relay/report.hpp"

namespace waybill::relay {
namespace {

constexpr Duration report_interval = std::chrono::seconds{1};

/// One lane and what was reported of it last.
struct Worked {
  std::unique_ptr<LaneLoop> loop;
  std::vector<std::uint64_t> confirmed;  // per route, at the last report
  MonoTime at{};
};

/// One store with its lanes; reports about them from a thread of its own.
class StoreSite {
 public:
  StoreSite(const Config& config, std::unique_ptr<store::Store> store, LogSink log)
      : config_(config), store_(std::move(store)), log_(std::move(log)) {
    const auto lanes = store_->lanes();
    const std::uint32_t count = lanes ? *lanes : store_->config().lanes;
    for (std::uint32_t lane = 0; lane < count; ++lane) {
      worked_.push_back({std::make_unique<LaneLoop>(config_, *store_, lane, process_name(), log_),
                         std::vector<std::uint64_t>(config_.routes.size(), 0), std::chrono::steady_clock::now()});
    }
    reporter_ = std::thread([this] { report_regularly(); });
  }

  ~StoreSite() {
    {
      const std::lock_guard lock(mutex_);
      quit_ = true;
    }
    change_.notify_all();
    reporter_.join();
  }

  void request_stop() {
    for (auto& worked : worked_) worked.loop->request_stop();
  }

  bool await_stopped(Deadline deadline) {
    bool clean = true;
    for (auto& worked : worked_) clean = worked.loop->await_stopped(deadline) && clean;
    for (auto& worked : worked_) report(worked);
    return clean;
  }

  // A lane that another relay holds is that relay's to drain.
  bool drained() const {
    bool any_held = false;
    for (const auto& worked : worked_) {
      any_held = any_held || worked.loop->held();
      if (worked.loop->held() && !worked.loop->drained()) return false;
    }
    return any_held;
  }

  std::optional<Error> fatal() const {
    for (const auto& worked : worked_) {
      if (auto error = worked.loop->fatal()) return error;
    }
    return std::nullopt;
  }

 private:
  void report_regularly() {
    std::unique_lock lock(mutex_);
    while (!quit_) {
      change_.wait_for(lock, report_interval);
      if (quit_) return;
      lock.unlock();
      for (auto& worked : worked_) report(worked);
      lock.lock();
    }
  }

  void report(Worked& worked) {
    const std::lock_guard lock(reporting_);
    const LaneFigures figures = worked.loop->figures();
    if (!figures.held) return;
    const MonoTime now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - worked.at).count();
    std::vector<double> rates;
    for (std::size_t i = 0; i < figures.routes.size(); ++i) {
      const std::uint64_t confirmed = figures.routes[i].totals.confirmed;
      rates.push_back(seconds > 0 ? static_cast<double>(confirmed - worked.confirmed[i]) / seconds : 0);
      worked.confirmed[i] = confirmed;
    }
    worked.at = now;
    const std::string& name = store_->config().name;
    const std::uint32_t lane = worked.loop->lane();
    store::RelayReport report;
    report.relay = process_name() + ":" + name + ":" + std::to_string(lane);
    report.json = report_json(config_, process_name(), name, lane, figures, rates);
    // A store that can't be reached is noticed and said by its lane.
    [[maybe_unused]] const auto stored = store_->report(report);
  }

  const Config& config_;
  std::unique_ptr<store::Store> store_;
  LogSink log_;
  std::vector<Worked> worked_;
  std::mutex reporting_;  // what was reported last: the reporter's thread and the one that stops
  std::mutex mutex_;
  std::condition_variable change_;
  bool quit_ = false;
  std::thread reporter_;
};

/// What a start must refuse, because waiting mends nothing.
Status check_tables(store::Store& store) {
  const auto schema = store.schema();
  if (!schema) {
    const bool lasting = !schema.error().is_transient() && schema.error().code() != ErrorCode::unauthorized;
    return lasting ? Status{schema.error()} : Status{};
  }
  const std::string name = "store '" + store.config().name + "': ";
  switch (*schema) {
    case store::SchemaState::current:
      return {};
    case store::SchemaState::missing:
      return Error{ErrorCode::missing_schema, name + "its tables are missing: run `waybill migrate`"};
    case store::SchemaState::older:
      return Error{ErrorCode::older_schema, name + "its tables are of an older version: run `waybill migrate`"};
    case store::SchemaState::newer:
      return Error{ErrorCode::newer_schema,
                   name + "its tables were made by a newer Waybill: upgrade this program before it touches them"};
  }
  return {};
}

class ServiceOfSites final : public Service {
 public:
  ServiceOfSites(const Config& config, std::vector<std::unique_ptr<store::Store>> stores, const LogSink& log)
      : config_(config) {
    for (auto& store : stores) sites_.push_back(std::make_unique<StoreSite>(config_, std::move(store), log));
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

Result<std::unique_ptr<Service>> Service::start(const Config& config, LogSink log) {
  if (!log) log = [](std::string_view, std::string_view) {};
  if (auto ready = config.ready_to_relay(); !ready) return ready.error();
  std::vector<std::unique_ptr<store::Store>> stores;
  for (const auto& store_config : config.stores) {
    auto store = store::open_store(store_config);
    if (!store) return store.error();
    if (auto tables = check_tables(**store); !tables) return tables.error();
    stores.push_back(std::move(*store));
  }
  return std::unique_ptr<Service>(std::make_unique<ServiceOfSites>(config, std::move(stores), log));
}

}  // namespace waybill::relay
