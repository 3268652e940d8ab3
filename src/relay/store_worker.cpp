#include "relay/store_worker.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace waybill::relay {
namespace {

constexpr Duration between_tries = std::chrono::seconds{1};
// An empty wait ends after that long with a fetch, whatever the store's wake-up says.
constexpr Duration longest_wait = std::chrono::seconds{1};

// Missing and older tables are waited for: `waybill migrate` mends them under a running relay, which may have other
// stores to serve. That a start finds them so is refused by Service::start().
bool is_beyond_waiting(const Error& error) {
  switch (error.code()) {
    case ErrorCode::newer_schema:
    case ErrorCode::moved_store:
    case ErrorCode::unsupported:
    case ErrorCode::invalid_configuration:
      return true;
    default:
      return false;
  }
}

bool is_clean_stop(const StoreAction& action) {
  const auto* settle = std::get_if<Settle>(&action);
  return settle != nullptr && settle->batch.clean_stop;
}

}  // namespace

StoreWorker::StoreWorker(store::Store& store, std::uint32_t lane, std::string holder, Sink sink, LogSink log)
    : store_(store),
      number_(lane),
      holder_(std::move(holder)),
      sink_(std::move(sink)),
      log_(std::move(log)),
      thread_([this] { run(); }) {}

void StoreWorker::submit(std::vector<StoreAction> actions, Tenure tenure) {
  {
    const std::lock_guard lock(mutex_);
    if (tenure != tenure_) return;
    for (auto& action : actions) queue_.push_back(std::move(action));
  }
  wakeup_.signal();
}

void StoreWorker::stop() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  wakeup_.signal();
  if (thread_.joinable()) thread_.join();
}

std::optional<Error> StoreWorker::fatal() const {
  const std::lock_guard lock(mutex_);
  return fatal_;
}

bool StoreWorker::quitting() const {
  const std::lock_guard lock(mutex_);
  return quit_;
}

// Cleared before anything is looked at: what comes after the look then ends the wait.
bool StoreWorker::goes_on() {
  wakeup_.clear();
  return !quitting();
}

void StoreWorker::pause(Duration wait) {
  pollfd ready{wakeup_.fd(), POLLIN, 0};
  poll(&ready, 1, Deadline::after(wait).poll_timeout());
  wakeup_.clear();
}

void StoreWorker::run() {
  while (!quitting()) {
    auto lane = store_.acquire(number_, holder_);
    if (!lane) {
      refused(lane.error());
      pause(between_tries);
      continue;
    }
    last_refusal_.clear();
    held_elsewhere_ = false;
    Tenure tenure = 0;
    {
      const std::lock_guard lock(mutex_);
      tenure = ++tenure_;
      queue_.clear();
      fatal_.reset();
    }
    log_("info", "store '" + store_.config().name + "': lane " + std::to_string(number_) + " is ours");
    sink_(LaneOpened{(*lane)->state()}, tenure);
    serve(**lane);
  }
}

void StoreWorker::serve(store::Lane& lane) {
  std::optional<Deadline> waits_until;
  while (goes_on()) {
    bool only_waiting = false;
    auto action = next(only_waiting);
    if (!action) {
      pause(longest_wait);
      continue;
    }
    if (only_waiting) {
      // Other work may interrupt the wait again and again: it ends all the same when its time is up.
      if (!waits_until) waits_until = Deadline::after(longest_wait);
      const auto news = lane.await(*waits_until, wakeup_.fd());
      if (!news) return lost(news.error());
      if (!*news && !waits_until->passed()) {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(*action));
        continue;
      }
      waits_until.reset();
    }
    const bool last = is_clean_stop(*action);
    if (auto done = perform(lane, std::move(*action)); !done) return lost(done.error());
    if (last) return await_stop();
  }
}

// The lane is as the next owner should find it: a fetch that still waits would claim anew.
void StoreWorker::await_stop() {
  while (!quitting()) pause(longest_wait);
}

// A fetch that waits for news lets everything else go first.
std::optional<StoreAction> StoreWorker::next(bool& only_waiting) {
  const std::lock_guard lock(mutex_);
  const auto waits = [](const StoreAction& action) {
    const auto* fetch = std::get_if<FetchFresh>(&action);
    return fetch != nullptr && fetch->wait;
  };
  if (queue_.empty()) return std::nullopt;
  auto chosen = std::find_if_not(queue_.begin(), queue_.end(), waits);
  only_waiting = chosen == queue_.end();
  if (only_waiting) chosen = queue_.begin();
  auto action = std::move(*chosen);
  queue_.erase(chosen);
  return action;
}

Status StoreWorker::perform(store::Lane& lane, StoreAction action) {
  const Tenure tenure = tenure_;  // changes in this thread only
  if (const auto* fresh = std::get_if<FetchFresh>(&action)) return fetch(lane, *fresh);
  if (const auto* retries = std::get_if<FetchDue>(&action)) {
    auto due = lane.due(retries->now, retries->limit);
    if (!due) return due.error();
    sink_(RetriesDue{std::move(*due)}, tenure);
  } else if (const auto* backlog = std::get_if<FetchBacklog>(&action)) {
    auto fetched = lane.backlog(backlog->scope, backlog->limit);
    if (!fetched) return fetched.error();
    sink_(BacklogFetched{backlog->scope, std::move(*fetched)}, tenure);
  } else if (const auto* aside = std::get_if<FetchSetAside>(&action)) {
    auto fetched = lane.set_aside(aside->topic, aside->limit);
    if (!fetched) return fetched.error();
    sink_(SetAsideFetched{aside->route, std::move(*fetched)}, tenure);
  } else if (const auto* settle = std::get_if<Settle>(&action)) {
    auto report = lane.settle(settle->batch);
    if (!report) return report.error();
    sink_(Settled{*report}, tenure);
  } else if (const auto* mark = std::get_if<MarkSuspect>(&action)) {
    if (auto marked = lane.mark_suspect(mark->ticket); !marked) return marked;
    sink_(SuspectMarked{}, tenure);
  }
  return {};
}

Status StoreWorker::fetch(store::Lane& lane, const FetchFresh& action) {
  auto fetched = lane.fetch(action.limit);
  if (!fetched) return fetched.error();
  sink_(FreshFetched{std::move(*fetched)}, tenure_);
  return {};
}

void StoreWorker::refused(const Error& error) {
  held_elsewhere_ = error.code() == ErrorCode::busy;
  if (held_elsewhere_) return;  // another relay works on it: that is what standing by means
  if (error.message() != last_refusal_) {
    log_("warn", "store '" + store_.config().name + "': " + error.message());
    last_refusal_ = error.message();
  }
  if (!is_beyond_waiting(error)) return;
  const std::lock_guard lock(mutex_);
  fatal_ = error;
}

void StoreWorker::lost(const Error& error) {
  log_("warn", "store '" + store_.config().name + "': lane " + std::to_string(number_) + " lost: " + error.message());
  Tenure tenure = 0;
  {
    const std::lock_guard lock(mutex_);
    tenure = tenure_;
    queue_.clear();
  }
  sink_(LaneLost{}, tenure);
  pause(std::chrono::milliseconds{100});
}

}  // namespace waybill::relay
