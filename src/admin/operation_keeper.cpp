#include "admin/operation_keeper.hpp"

#include <algorithm>

#include "admin/operation_runner.hpp"

namespace waybill::admin {
namespace {

constexpr Duration look_interval = std::chrono::seconds{2};
constexpr std::size_t most_workers = 4;
/// Older ones that are not over are found when newer ones are.
constexpr std::size_t newest = 50;

}  // namespace

OperationKeeper::OperationKeeper(Config config, std::vector<std::unique_ptr<store::Store>> stores, std::string runner,
                                 Log log)
    : config_(std::move(config)), stores_(std::move(stores)), runner_(std::move(runner)), log_(std::move(log)) {
  thread_ = std::thread([this] { look_regularly(); });
}

OperationKeeper::~OperationKeeper() {
  stopping_ = true;
  wake();
  thread_.join();
  for (auto& worker : workers_) worker.thread.join();
}

void OperationKeeper::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  change_.notify_all();
}

void OperationKeeper::look_regularly() {
  while (!stopping_) {
    for (const auto& store : stores_) look(*store);
    join_those_done();
    std::unique_lock lock(mutex_);
    change_.wait_for(lock, look_interval, [this] { return woken_; });
    woken_ = false;
  }
}

void OperationKeeper::look(store::Store& store) {
  store::OperationFilter filter;
  filter.limit = newest;
  // A store that can't be reached, or whose tables are of another version, is noticed and said by its lanes.
  const auto records = store.operations(filter);
  if (!records) return;
  for (const auto& record : *records) {
    const auto operation = operation_of(record);
    const bool is_ours = std::ranges::any_of(workers_, [&](const Worker& worker) { return worker.id == record.id; });
    if (!operation || is_ours || !may_be_taken(*operation) || workers_.size() >= most_workers) continue;
    start(store, record.id);
  }
}

void OperationKeeper::start(store::Store& store, const std::string& id) {
  auto& worker = workers_.emplace_back();
  worker.id = id;
  worker.thread = std::thread([this, &store, &worker] { work_on(store, worker); });
}

void OperationKeeper::work_on(store::Store& store, Worker& worker) {
  const RunnerSetting setting{config_, runner_, [this] { return stopping_.load(); }, {}};
  const auto ended = run_operation(store, worker.id, setting);
  const auto name = "store '" + store.config().name + "': operation " + worker.id;
  if (!ended) {
    log_("warn", name + ": " + ended.error().message());
  } else if (ended->is_over() && ended->progress.runner == runner_) {
    log_("info", name + " of " + ended->order.who + " is " + std::string(to_string(ended->progress.state)) + ": " +
                     std::to_string(ended->progress.changed) + " changed");
  }
  worker.is_done = true;
}

void OperationKeeper::join_those_done() {
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    if (!worker->is_done) {
      ++worker;
      continue;
    }
    worker->thread.join();
    worker = workers_.erase(worker);
  }
}

}  // namespace waybill::admin
