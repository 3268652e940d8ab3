#pragma once

/// \file
/// One store as a relay works on it: its lanes, shared with other relays, and the reports about them.

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/config.hpp"
#include "core/time.hpp"
#include "relay/lane_loop.hpp"
#include "relay/paused_routes.hpp"
#include "store/store.hpp"

namespace waybill::relay {

/// Works on a store's lanes as far as other relays leave them to it. A thread of its own shares and reports.
/// All functions are thread-safe.
class StoreSite {
 public:
  StoreSite(const Config& config, std::unique_ptr<store::Store> store, Outlets outlets);
  ~StoreSite();
  StoreSite(const StoreSite&) = delete;
  StoreSite& operator=(const StoreSite&) = delete;

  /// Fetches and publishes nothing more.
  void request_stop();
  /// Blocks until everything is settled after request_stop(), or the deadline. True when nothing is in doubt.
  bool await_stopped(Deadline deadline);
  /// True when nothing is left to send in the lanes that are ours. One that another relay holds is that relay's to
  /// drain.
  bool drained() const;
  SiteFigures figures() const;
  /// An error that no waiting will mend, if one happened.
  std::optional<Error> fatal() const;

 private:
  /// One lane and what was reported of it last.
  struct Worked {
    std::uint32_t lane = 0;
    std::shared_ptr<LaneLoop> loop;  // empty: it is left to other relays
    MonoTime left_until{};
    std::vector<std::uint64_t> confirmed;  // per route, at the last report
    MonoTime at{};
  };
  using Loops = std::vector<std::shared_ptr<LaneLoop>>;

  Loops loops() const;
  void keep_regularly();
  void learn_lanes();
  bool learn_pauses();
  void work_on(std::uint32_t lanes);
  void start(Worked& worked);
  bool end_leaving();
  void share_lanes();
  void give_one_back();
  void stand_by();
  void stand_back();
  void leave(Worked& worked);
  void report_lanes();
  void report(Worked& worked, const LaneLoop& loop);

  const Config& config_;
  const std::unique_ptr<store::Store> store_;
  const Outlets outlets_;
  bool lanes_known_ = false;  // the keeper's thread only, once it runs, as the next
  PausedRoutes paused_;
  std::mutex reporting_;  // what was reported last: the keeper's thread and the one that stops
  mutable std::mutex mutex_;
  std::condition_variable change_;
  std::vector<Worked> worked_;         // changed under mutex_, and only by the keeper's thread
  std::shared_ptr<LaneLoop> leaving_;  // guarded by mutex_: taken away, and its end is waited for
  std::vector<RouteTotals> left_;      // guarded by mutex_: totals of loops that ended, so that the sums never fall
  bool stopping_ = false;              // guarded by mutex_, as the next
  bool quit_ = false;
  std::thread keeper_;
};

}  // namespace waybill::relay
