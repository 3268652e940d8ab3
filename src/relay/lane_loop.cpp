#include "relay/lane_loop.hpp"

#include <utility>

namespace waybill::relay {
namespace {

constexpr Duration figures_interval = std::chrono::milliseconds{200};
constexpr std::size_t most_samples = 100;

MonoTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

LaneLoop::LaneLoop(const Config& config, store::Store& store, std::uint32_t lane, std::string holder,
                   std::vector<std::string> paused, Outlets outlets)
    : config_(config), store_(store.config().name), number_(lane), outlets_(std::move(outlets)), core_(config_) {
  core_.handle(RoutesPaused{std::move(paused)}, now());
  worker_ = std::make_unique<StoreWorker>(
      store, lane, std::move(holder), [this](Event event, Tenure tenure) { post(std::move(event), tenure); },
      outlets_.log);
  thread_ = std::thread([this] { run(); });
}

LaneLoop::~LaneLoop() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  change_.notify_all();
  thread_.join();
  lines_.clear();
  worker_->stop();
}

void LaneLoop::pause_routes(std::vector<std::string> why) { post(RoutesPaused{std::move(why)}, 0); }

void LaneLoop::request_stop() { post(StopRequested{}, 0); }

bool LaneLoop::await_stopped(Deadline deadline) {
  std::unique_lock lock(mutex_);
  change_.wait_until(lock, deadline.at(), [this] { return stopped_; });
  return stopped_ && stopped_clean_;
}

LaneFigures LaneLoop::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

void LaneLoop::post(Event event, Tenure tenure) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back({std::move(event), tenure});
  }
  if (first) change_.notify_all();
}

std::vector<LaneLoop::Posted> LaneLoop::take_posted(MonoTime until) {
  std::unique_lock lock(mutex_);
  change_.wait_until(lock, until, [this] { return quit_ || !posted_.empty(); });
  return std::exchange(posted_, {});
}

void LaneLoop::run() {
  while (true) {
    auto posted = take_posted(core_.wake_at());
    {
      const std::lock_guard lock(mutex_);
      if (quit_) return;
    }
    if (posted.empty()) posted.push_back({Tick{}, 0});
    for (auto& one : posted) take(std::move(one));
    hand_out_incidents();
    drained_ = core_.is_drained();
    refresh_figures(now());
  }
}

// The brokers' connections belong to a tenure: with the lane they are given up, so that nothing more leaves by them.
void LaneLoop::take(Posted posted) {
  if (posted.tenure != 0) {
    if (std::holds_alternative<LaneOpened>(posted.event)) {
      tenure_ = posted.tenure;
      held_ = true;
    } else if (posted.tenure != tenure_) {
      return;
    }
  }
  const bool opened = std::holds_alternative<LaneOpened>(posted.event);
  const bool lost = std::holds_alternative<LaneLost>(posted.event);
  if (lost) {
    held_ = false;
    lines_.clear();
  }
  perform(core_.handle(std::move(posted.event), now()));
  if (opened) connect();
}

void LaneLoop::connect() {
  lines_.clear();
  for (std::size_t i = 0; i < config_.brokers.size(); ++i) {
    const BrokerConfig& broker = config_.brokers[i];
    auto publisher = broker::open_publisher(broker);
    if (!publisher) {
      outlets_.log("error", "broker '" + broker.name + "': " + publisher.error().message());
      lines_.push_back(nullptr);
      continue;
    }
    const Tenure tenure = tenure_;
    lines_.push_back(std::make_unique<BrokerLine>(
        BrokerIndex{i}, broker.name, std::move(*publisher),
        [this, tenure](Event event) { post(std::move(event), tenure); }, outlets_.log));
  }
}

void LaneLoop::perform(Actions actions) {
  std::vector<StoreAction> for_store;
  for (auto& action : actions) {
    if (auto* publish = std::get_if<Publish>(&action)) {
      lines_[publish->broker.value]->publish(std::move(publish->messages));
      continue;
    }
    std::visit(
        [&](auto&& one) {
          using One = std::decay_t<decltype(one)>;
          if constexpr (!std::is_same_v<One, Publish>) for_store.emplace_back(std::forward<decltype(one)>(one));
        },
        std::move(action));
  }
  if (!for_store.empty()) worker_->submit(std::move(for_store), tenure_);
}

void LaneLoop::refresh_figures(MonoTime time) {
  const bool stopped = core_.is_stopped();
  if (time - figures_at_ < figures_interval && !stopped) return;
  figures_at_ = time;
  LaneFigures figures;
  figures.held = held_;
  figures.in_flight = core_.in_flight();
  figures.unsettled = core_.unsettled();
  figures.blocked_scopes = core_.blocked_scopes();
  for (RouteIndex i = 0; i < core_.routes().size(); ++i) figures.routes.push_back(core_.figures(i, time));
  for (std::size_t i = 0; i < config_.brokers.size(); ++i) {
    const Pipe& pipe = core_.pipe(BrokerIndex{i});
    figures.brokers.push_back({pipe.is_up(), pipe.is_blocked(), pipe.endpoint(), pipe.detail()});
  }
  for (auto& sample : core_.take_samples()) samples_.push_back(std::move(sample));
  while (samples_.size() > most_samples) samples_.pop_front();
  figures.samples.assign(samples_.begin(), samples_.end());
  hand_out_spans();
  {
    const std::lock_guard lock(mutex_);
    figures_ = std::move(figures);
    stopped_ = stopped;
    stopped_clean_ = core_.stopped_clean();
  }
  if (stopped) change_.notify_all();
}

void LaneLoop::hand_out_incidents() {
  const auto taken = core_.take_incidents(now());
  for (const auto& incident : taken.incidents) {
    outlets_.incidents ? outlets_.incidents(store_, incident)
                       : outlets_.log(level_of(incident), "store '" + store_ + "': " + in_words(incident));
  }
  if (taken.left_out == 0) return;
  outlets_.log("warn", "store '" + store_ + "': and " + std::to_string(taken.left_out) +
                           " more messages failed, were dropped or will be tried again: `waybill failed groups`");
}

void LaneLoop::hand_out_spans() {
  auto taken = core_.take_spans();
  if (outlets_.spans && (!taken.spans.empty() || taken.left_out > 0)) outlets_.spans(std::move(taken));
}

}  // namespace waybill::relay
