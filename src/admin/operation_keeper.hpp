#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "admin/operation.hpp"
#include "core/config.hpp"

namespace waybill::admin {

/// Looks for operations that nobody works on, those whose runner died among them, and carries them out: a few at once,
/// each on a thread of its own. It lives in a relay. Thread-safe.
class OperationKeeper {
 public:
  using Log = std::function<void(std::string_view level, std::string_view text)>;

  OperationKeeper(Config config, std::vector<std::unique_ptr<store::Store>> stores, std::string runner, Log log);
  /// Waits for the slice under way of each; another relay goes on with them.
  ~OperationKeeper();
  OperationKeeper(const OperationKeeper&) = delete;
  OperationKeeper& operator=(const OperationKeeper&) = delete;

  /// Looks at once: there is a new one.
  void wake();

 private:
  struct Worker {
    std::string id;
    std::thread thread;
    std::atomic<bool> is_done{false};
  };

  void look_regularly();
  void look(store::Store& store);
  void start(store::Store& store, const std::string& id);
  void work_on(store::Store& store, Worker& worker);
  void join_those_done();

  const Config config_;
  const std::vector<std::unique_ptr<store::Store>> stores_;
  const std::string runner_;
  const Log log_;
  std::atomic<bool> stopping_{false};
  std::list<Worker> workers_;  // the looking thread only
  std::mutex mutex_;
  std::condition_variable change_;
  bool woken_ = false;  // guarded by mutex_
  std::thread thread_;  // last: it uses all the others
};

}  // namespace waybill::admin
