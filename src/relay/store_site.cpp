#include "relay/store_site.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "relay/lane_share.hpp"
#include "relay/paused_routes.hpp"
#include "relay/report.hpp"

namespace waybill::relay {
namespace {

constexpr Duration report_interval = std::chrono::seconds{1};
constexpr Duration give_back_limit = std::chrono::seconds{3};
// Long enough for the relay that waits for it, which tries every second.
constexpr Duration left_for = std::chrono::seconds{5};

MonoTime now() { return std::chrono::steady_clock::now(); }

bool moves(const RouteFigures& route) {
  return route.state != RouteFigures::State::stalled && route.state != RouteFigures::State::down;
}

// Where confirms are missing they would be in doubt: such a lane stays.
bool can_be_given_back(const LaneLoop* loop) {
  if (loop == nullptr || !loop->held()) return false;
  const auto figures = loop->figures();
  return std::all_of(figures.routes.begin(), figures.routes.end(), moves);
}

void add_totals(const LaneFigures& lane, SiteFigures& sum) {
  for (std::size_t route = 0; route < lane.routes.size(); ++route)
    sum.routes[route].totals += lane.routes[route].totals;
}

}  // namespace

StoreSite::StoreSite(const Config& config, std::unique_ptr<store::Store> store, Outlets outlets)
    : config_(config), store_(std::move(store)), outlets_(std::move(outlets)), paused_(not_known_yet(config.routes)) {
  learn_lanes();
  if (!lanes_known_) work_on(store_->config().lanes);  // they say why the store can't be reached, and wait for it
  keeper_ = std::thread([this] { keep_regularly(); });
}

StoreSite::~StoreSite() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  change_.notify_all();
  keeper_.join();
}

void StoreSite::request_stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  for (const auto& loop : loops()) loop->request_stop();
}

bool StoreSite::await_stopped(Deadline deadline) {
  bool clean = true;
  for (const auto& loop : loops()) clean = loop->await_stopped(deadline) && clean;
  report_lanes();
  return clean;
}

bool StoreSite::drained() const {
  bool any_held = false;
  for (const auto& loop : loops()) {
    if (loop->held_elsewhere()) continue;
    if (!loop->held() || !loop->drained()) return false;
    any_held = true;
  }
  return any_held;
}

SiteFigures StoreSite::figures() const {
  SiteFigures sum;
  sum.store = store_->config().name;
  sum.routes.resize(config_.routes.size());
  sum.brokers.resize(config_.brokers.size());
  const std::lock_guard lock(mutex_);
  for (std::size_t route = 0; route < left_.size(); ++route) sum.routes[route].totals += left_[route];
  if (leaving_) add_totals(leaving_->figures(), sum);
  bool any_held = false;
  for (const auto& worked : worked_) {
    if (!worked.loop) {
      sum.lanes.push_back({worked.lane, false, true, {}});
      continue;
    }
    const auto figures = worked.loop->figures();
    sum.lanes.push_back({worked.lane, figures.held, worked.loop->held_elsewhere(), figures.samples});
    sum.unsettled += figures.unsettled;
    for (std::size_t route = 0; route < figures.routes.size(); ++route) add(figures.routes[route], sum.routes[route]);
    if (!figures.held) continue;
    for (std::size_t broker = 0; broker < figures.brokers.size(); ++broker) {
      const auto& state = figures.brokers[broker];
      const bool is_worse = !state.up || state.blocked;
      if (!any_held || is_worse) sum.brokers[broker] = state;
    }
    any_held = true;
  }
  return sum;
}

// Stops it in good order: the lane may have become ours a moment ago. True when nothing is left in doubt.
bool StoreSite::end_leaving() {
  leaving_->request_stop();
  const bool clean = leaving_->await_stopped(Deadline::after(give_back_limit));
  const auto figures = leaving_->figures();
  std::shared_ptr<LaneLoop> ended;  // outside the lock: its end takes time
  const std::lock_guard lock(mutex_);
  left_.resize(config_.routes.size());
  for (std::size_t route = 0; route < figures.routes.size(); ++route) left_[route] += figures.routes[route].totals;
  ended.swap(leaving_);
  return clean;
}

std::optional<Error> StoreSite::fatal() const {
  for (const auto& loop : loops()) {
    if (auto error = loop->fatal()) return error;
  }
  return std::nullopt;
}

StoreSite::Loops StoreSite::loops() const {
  const std::lock_guard lock(mutex_);
  Loops all;
  for (const auto& worked : worked_) {
    if (worked.loop) all.push_back(worked.loop);
  }
  return all;
}

void StoreSite::keep_regularly() {
  std::unique_lock lock(mutex_);
  while (!quit_) {
    change_.wait_for(lock, report_interval);
    if (quit_) return;
    const bool stopping = stopping_;
    lock.unlock();
    if (!stopping && !lanes_known_) learn_lanes();
    if (!stopping && lanes_known_) learn_pauses();
    report_lanes();
    if (!stopping) share_lanes();
    lock.lock();
  }
}

// Before anything is sent, and again with each report. With the store away, what was known stays.
bool StoreSite::learn_pauses() {
  const auto pauses = store_->pauses();
  if (!pauses) return false;
  auto paused = paused_routes(config_.routes, *pauses);
  if (paused == paused_) return true;
  paused_ = std::move(paused);
  for (const auto& loop : loops()) loop->pause_routes(paused_);
  return true;
}

// The tables, not the configuration of this host, say how many there are.
void StoreSite::learn_lanes() {
  const auto lanes = store_->lanes();
  if (!lanes || !learn_pauses()) return;
  lanes_known_ = true;
  work_on(*lanes);
}

void StoreSite::work_on(std::uint32_t lanes) {
  Loops ended;  // outside the lock: that takes time
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  for (std::size_t lane = lanes; lane < worked_.size(); ++lane) ended.push_back(std::move(worked_[lane].loop));
  worked_.resize(lanes);
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    worked_[lane].lane = lane;
    if (!worked_[lane].loop) start(worked_[lane]);
  }
}

void StoreSite::start(Worked& worked) {
  worked.loop = std::make_shared<LaneLoop>(config_, *store_, worked.lane, process_name(), paused_, outlets_);
  worked.confirmed.assign(config_.routes.size(), 0);
  worked.at = now();
}

// One step a second: lanes wander singly, so most of them work on all the time.
void StoreSite::share_lanes() {
  const auto lanes = static_cast<std::uint32_t>(worked_.size());
  if (lanes < 2) return;
  const auto held = static_cast<std::uint32_t>(
      std::count_if(worked_.begin(), worked_.end(), [](const Worked& it) { return it.loop && it.loop->held(); }));
  // A store that can't be reached is noticed and said by its lanes.
  if (held == 0 && !store_->report(standing_by_report(process_name(), store_->config().name))) return;
  const auto reports = store_->reports();
  if (!reports) return;
  const auto others = other_relays(*reports, process_name());
  if (has_one_too_many(lanes, held, others)) {
    give_one_back();
  } else if (held < most_lanes(lanes, others)) {
    stand_by();
  } else {
    stand_back();
  }
}

void StoreSite::give_one_back() {
  const auto chosen =
      std::find_if(worked_.rbegin(), worked_.rend(), [](const Worked& it) { return can_be_given_back(it.loop.get()); });
  if (chosen == worked_.rend()) return;
  leave(*chosen);
  const std::string lane = "store '" + store_->config().name + "': lane " + std::to_string(chosen->lane);
  outlets_.log("info", lane + " is left to another relay");
  if (!end_leaving())
    outlets_.log("warn", lane + " was left before all confirms had come: some messages may be sent twice");
}

void StoreSite::stand_by() {
  const std::lock_guard lock(mutex_);
  for (auto& worked : worked_) {
    if (!worked.loop && !stopping_ && now() >= worked.left_until) start(worked);
  }
}

void StoreSite::stand_back() {
  for (auto& worked : worked_) {
    if (!worked.loop || worked.loop->held()) continue;
    leave(worked);
    end_leaving();
  }
}

void StoreSite::leave(Worked& worked) {
  const std::lock_guard lock(mutex_);
  worked.left_until = now() + left_for;
  leaving_ = std::exchange(worked.loop, nullptr);
}

void StoreSite::report_lanes() {
  const std::lock_guard one_at_a_time(reporting_);
  for (auto& worked : worked_) {
    std::shared_ptr<LaneLoop> loop;
    {
      const std::lock_guard lock(mutex_);
      loop = worked.loop;
    }
    if (loop) report(worked, *loop);
  }
}

void StoreSite::report(Worked& worked, const LaneLoop& loop) {
  const LaneFigures figures = loop.figures();
  if (!figures.held) return;
  const double seconds = std::chrono::duration<double>(now() - worked.at).count();
  std::vector<double> rates;
  for (std::size_t i = 0; i < figures.routes.size(); ++i) {
    const std::uint64_t confirmed = figures.routes[i].totals.confirmed;
    rates.push_back(seconds > 0 ? static_cast<double>(confirmed - worked.confirmed[i]) / seconds : 0);
    worked.confirmed[i] = confirmed;
  }
  worked.at = now();
  const std::string& name = store_->config().name;
  store::RelayReport report;
  report.relay = process_name() + ":" + name + ":" + std::to_string(worked.lane);
  report.json = report_json(config_, process_name(), name, worked.lane, figures, rates);
  // A store that can't be reached is noticed and said by its lane.
  [[maybe_unused]] const auto stored = store_->report(report);
}

}  // namespace waybill::relay
