#pragma once

/// \file
/// The thin loop around the engine: takes events from the store's and the brokers' threads, performs the actions.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/config.hpp"
#include "relay/broker_line.hpp"
#include "relay/core.hpp"
#include "relay/figures.hpp"
#include "relay/outlets.hpp"
#include "relay/store_worker.hpp"

namespace waybill::relay {

/// What one lane of this process is doing, for status.
struct LaneFigures {
  bool held = false;
  std::size_t in_flight = 0;
  std::uint64_t unsettled = 0;
  std::size_t blocked_scopes = 0;
  std::vector<RouteFigures> routes;  ///< in the configuration's order
  std::vector<BrokerState> brokers;  ///< in the configuration's order
  std::vector<Sample> samples;       ///< the last ones, oldest first
};

/// Works on one lane of one store, for as long as it lives. All functions are thread-safe.
class LaneLoop {
 public:
  /// `paused`: as of pause_routes(), from the first moment on.
  LaneLoop(const Config& config, store::Store& store, std::uint32_t lane, std::string holder,
           std::vector<std::string> paused, Outlets outlets);
  ~LaneLoop();
  LaneLoop(const LaneLoop&) = delete;
  LaneLoop& operator=(const LaneLoop&) = delete;

  /// Which routes a person holds back: each route's why, in the configuration's order; empty: it flows.
  void pause_routes(std::vector<std::string> why);
  /// Fetches and publishes nothing more.
  void request_stop();
  /// Blocks until everything is settled after request_stop(), or the deadline. True when nothing is in doubt.
  bool await_stopped(Deadline deadline);

  bool held() const { return held_; }
  /// True when another relay works on the lane, as far as is known.
  bool held_elsewhere() const { return !held_ && worker_->held_elsewhere(); }
  bool drained() const { return drained_; }
  std::optional<Error> fatal() const { return worker_->fatal(); }
  LaneFigures figures() const;
  std::uint32_t lane() const { return number_; }

 private:
  /// An event and the tenure of the lane it belongs to; events of an earlier tenure come too late.
  struct Posted {
    Event event;
    Tenure tenure = 0;
  };
  void post(Event event, Tenure tenure);
  void run();
  std::vector<Posted> take_posted(MonoTime until);
  void take(Posted posted);
  void perform(Actions actions);
  void connect();
  void refresh_figures(MonoTime now);
  void hand_out_spans();
  void hand_out_incidents();

  const Config config_;
  const std::string store_;  // its name
  const std::uint32_t number_;
  const Outlets outlets_;
  RelayCore core_;  // the loop's thread only, as the next two
  Tenure tenure_ = 0;
  std::vector<std::unique_ptr<BrokerLine>> lines_;
  MonoTime figures_at_{};
  std::deque<Sample> samples_;  // the last ones

  std::atomic<bool> held_{false};
  std::atomic<bool> drained_{false};

  mutable std::mutex mutex_;
  std::condition_variable change_;
  std::vector<Posted> posted_;  // guarded by mutex_, as all below
  bool quit_ = false;
  bool stopped_ = false;
  bool stopped_clean_ = false;
  LaneFigures figures_;

  std::unique_ptr<StoreWorker> worker_;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace waybill::relay
