#pragma once

/// \file
/// Performs the engine's store actions on a thread of its own, so that no disk and no database holds up publishing.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "core/wakeup.hpp"
#include "relay/event.hpp"
#include "store/store.hpp"
#include "waybill/relay.h"

namespace waybill::relay {

/// One holding of a lane, from LaneOpened to LaneLost; actions of an earlier one are not performed.
using Tenure = std::uint64_t;

using StoreAction = std::variant<FetchFresh, FetchDue, FetchBacklog, FetchSetAside, Settle, MarkSuspect>;

/// Takes one lane, again and again, and works on it as long as it is held.
class StoreWorker {
 public:
  /// Called from the worker's thread. Must not block.
  using Sink = std::function<void(Event, Tenure)>;

  StoreWorker(store::Store& store, std::uint32_t lane, std::string holder, Sink sink, LogSink log);
  ~StoreWorker() { stop(); }
  StoreWorker(const StoreWorker&) = delete;
  StoreWorker& operator=(const StoreWorker&) = delete;

  /// Adds actions, to be performed in order. Any thread; never blocks.
  void submit(std::vector<StoreAction> actions, Tenure tenure);

  /// Gives the lane up and ends the thread. Blocks until the store call under way has returned.
  void stop();

  /// A reason why the lane can't be taken that no waiting will mend.
  std::optional<Error> fatal() const;

  /// True when another relay held the lane at the last try to take it.
  bool held_elsewhere() const { return held_elsewhere_; }

 private:
  void run();
  void serve(store::Lane& lane);
  void await_stop();
  std::optional<StoreAction> next(bool& only_waiting);
  Status perform(store::Lane& lane, StoreAction action);
  Status fetch(store::Lane& lane, const FetchFresh& action);
  bool quitting() const;
  bool goes_on();
  void pause(Duration wait);
  void refused(const Error& error);
  void lost(const Error& error);

  store::Store& store_;
  const std::uint32_t number_;
  const std::string holder_;
  const Sink sink_;
  const LogSink log_;
  Wakeup wakeup_;
  std::atomic<bool> held_elsewhere_{false};

  mutable std::mutex mutex_;
  std::deque<StoreAction> queue_;  // guarded by mutex_, as all below
  Tenure tenure_ = 0;
  bool quit_ = false;
  std::optional<Error> fatal_;
  std::string last_refusal_;  // the worker's thread only

  std::thread thread_;  // last: it uses all the others
};

}  // namespace waybill::relay
