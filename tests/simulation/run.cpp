#include "run.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "audit.hpp"

namespace waybill::simulation {
namespace {

constexpr int steps_under_faults = 600;
constexpr int most_steps_to_settle = 200'000;

}  // namespace

Run::Run(std::uint64_t seed) : rng_(seed), seed_(seed) {
  make_config();
  store::memory::Options options;
  options.wall_ms = [this] { return wall_ms_; };
  options.lanes = config_.stores[0].lanes;
  options.claim_ahead = static_cast<store::memory::Sequence>(rng_.between(0, 20));
  options.rereads_parked = rng_.chance(50);
  options.faults = [this](store::memory::Call call) {
    using store::memory::Fault;
    if (!faults_ || call == store::memory::Call::persist || !rng_.chance(1)) return Fault::none;
    return rng_.pick({Fault::fail_before, Fault::fail_after, Fault::lose_lane});
  };
  store_ = std::make_unique<store::MemoryStore>(config_.stores[0], std::move(options));
  held_back_.resize(config_.routes.size());
  const auto relays = static_cast<std::size_t>(rng_.between(1, 3));
  for (std::size_t relay = 0; relay < relays; ++relay) {
    for (std::uint32_t lane = 0; lane < config_.stores[0].lanes; ++lane) {
      nodes_.push_back(std::make_unique<Node>(config_, *store_, ledger_, nodes_.size(), lane));
      lane_of_node_.push_back(lane);
      paused_.push_back(false);
    }
  }
}

void Run::make_config() {
  StoreConfig store;
  store.name = "shop";
  store.lanes = rng_.chance(30) ? 2 : 1;
  config_.stores.push_back(store);
  const auto brokers = rng_.chance(25) ? 2 : 1;
  for (int i = 0; i < brokers; ++i) {
    BrokerConfig broker;
    broker.name = "b" + std::to_string(i);
    config_.brokers.push_back(broker);
  }
  const auto routes = rng_.between(1, 3);
  for (int i = 0; i < routes; ++i) {
    RouteConfig route;
    route.topic = "t" + std::to_string(i) + ".*";
    route.broker = config_.brokers[rng_.below(config_.brokers.size())].name;
    route.exchange = "x";
    route.resend_after = std::chrono::milliseconds{rng_.between(100, 3000)};
    route.max_attempts = static_cast<std::uint32_t>(rng_.between(1, 3));
    route.on_nack = rng_.pick({OnNack::resend, OnNack::resend, OnNack::fail, OnNack::drop});
    route.on_unroutable = rng_.pick({OnUnroutable::resend, OnUnroutable::fail, OnUnroutable::drop});
    route.order = rng_.chance(60) ? Order::key : Order::none;
    route.on_failed_key = rng_.pick({OnFailedKey::park, OnFailedKey::skip, OnFailedKey::stop});
    config_.routes.push_back(route);
  }
  config_.relay.window = static_cast<std::uint32_t>(rng_.between(1, 8));
  config_.relay.unsettled = config_.relay.window + static_cast<std::uint32_t>(rng_.between(0, 24));
}

std::optional<std::string> Run::execute() {
  for (int i = 0; i < steps_under_faults && !broken_; ++i) step();
  if (broken_) return broken_;
  heal();
  if (!settle_down()) return "P1: the relays did not come to rest";
  if (auto broken = audit(config_, ledger_, *store_)) return broken;
  resend_failed();
  if (!settle_down()) return "P1: the relays did not come to rest after a person's resend";
  return audit(config_, ledger_, *store_);
}

void Run::step() {
  const auto index = static_cast<std::size_t>(rng_.below(nodes_.size()));
  const auto what = rng_.below(100);
  if (what < 14) {
    write_something();
  } else if (what < 76) {
    work(index);
  } else if (what < 92) {
    pass_time();
  } else {
    fail_somehow();
  }
  if (!broken_) broken_ = check_unsettled_bound();
}

void Run::fail_somehow() {
  const auto index = static_cast<std::size_t>(rng_.below(nodes_.size()));
  switch (rng_.below(5)) {
    case 0:
      broker_event(index);
      break;
    case 1:
      change_weather();
      break;
    case 2:
      if (rng_.chance(70)) {
        flush_log();
      } else if (rng_.chance(30)) {
        crash_store();
      }
      break;
    default:
      if (rng_.chance(40)) relay_event(index);
  }
}

void Run::work(std::size_t index) {
  if (paused_[index]) return;
  Node& node = *nodes_[index];
  const auto broker = static_cast<std::size_t>(rng_.below(node.wire_count()));
  switch (rng_.below(4)) {
    case 0:
      if (node.has_store_work()) node.step_store(now_, weather_, rng_);
      break;
    case 1:
      if (node.holds_lane() && !node.wire(broker).is_up()) {
        node.connect(broker, now_);
      } else if (node.wire(broker).next_is_lethal()) {
        kill(index);
      } else if (node.wire(broker).can_arrive()) {
        node.arrive(broker, now_, weather_, rng_);
      }
      break;
    case 2:
      if (!weather_.silent && node.wire(broker).can_answer()) node.answer(broker, now_, rng_);
      break;
    default:
      node.tick(now_);
  }
}

void Run::broker_event(std::size_t index) {
  Node& node = *nodes_[index];
  if (paused_[index] || !node.holds_lane()) return;
  const auto broker = static_cast<std::size_t>(rng_.below(node.wire_count()));
  if (!node.wire(broker).is_up()) return;
  if (rng_.chance(25)) {
    node.block(broker, rng_.chance(50), now_);
    return;
  }
  node.disconnect(broker, rng_.chance(50) ? broker::DownCause::closed : broker::DownCause::lost, now_, weather_, rng_);
  if (rng_.chance(50)) now_ += std::chrono::seconds{rng_.between(6, 60)};  // an outage, not a blip
}

void Run::change_weather() {
  weather_.nack_percent = rng_.chance(30) ? static_cast<unsigned>(rng_.between(1, 60)) : 0;
  weather_.return_percent = rng_.chance(20) ? static_cast<unsigned>(rng_.between(1, 40)) : 0;
  weather_.exchange_missing = rng_.chance(15);
  weather_.silent = rng_.chance(15);
  set_silent_topic(rng_.chance(15) ? "t" + std::to_string(rng_.below(config_.routes.size())) + ".x" : "");
  std::vector<std::string> held_back(config_.routes.size());
  if (rng_.chance(15)) held_back[rng_.below(held_back.size())] = "a person";
  hold_back(std::move(held_back));
}

void Run::set_silent_topic(const std::string& topic) {
  weather_.silent_topic = topic;
  for (const auto& node : nodes_) {
    for (std::size_t broker = 0; broker < node->wire_count(); ++broker) node->wire(broker).speak_again();
  }
}

void Run::hold_back(std::vector<std::string> routes) {
  held_back_ = std::move(routes);
  for (const auto& node : nodes_) node->pause_routes(held_back_, now_);
}

void Run::relay_event(std::size_t index) {
  if (paused_[index]) {
    paused_[index] = false;  // SIGCONT: it goes on where it was
    return;
  }
  switch (rng_.below(4)) {
    case 0:  // SIGSTOP, and its lane goes to whoever asks
      paused_[index] = true;
      now_ += std::chrono::seconds{rng_.between(1, 60)};
      steal_lane(index);
      break;
    case 1:  // the store loses the session
      steal_lane(index);
      break;
    case 2:  // SIGTERM; if it takes too long, SIGKILL
      nodes_[index]->request_stop(now_);
      for (int i = 0; i < 40 && !nodes_[index]->core().is_stopped(); ++i) work(index);
      [[fallthrough]];
    default:
      kill(index);
  }
}

void Run::kill(std::size_t index) {
  nodes_[index]->kill(weather_, rng_);
  nodes_[index] = std::make_unique<Node>(config_, *store_, ledger_, index, lane_of_node_[index]);
  nodes_[index]->pause_routes(held_back_, now_);
}

void Run::steal_lane(std::size_t index) {
  if (!nodes_[index]->holds_lane()) return;
  nodes_[index]->note_suspect();
  store_->steal(lane_of_node_[index]);
}

// The wall clock jumps as it likes: nothing but `not_before` may notice.
void Run::pass_time() {
  const auto ms = rng_.chance(85) ? rng_.between(0, 40) : rng_.between(100, 4000);
  now_ += std::chrono::milliseconds{ms};
  wall_ms_ += ms;
  if (rng_.chance(1)) wall_ms_ += rng_.between(-3'600'000, 3'600'000);
}

// P3: what reached the broker and is not yet durably settled never exceeds `unsettled` for each lane's owner.
std::optional<std::string> Run::check_unsettled_bound() const {
  for (const auto& node : nodes_) {
    if (!node->misuse().empty()) return "the store refused: " + node->misuse();
    if (node->core().unsettled() <= config_.relay.unsettled) continue;
    return "P3: " + std::to_string(node->core().unsettled()) + " unsettled messages, allowed are " +
           std::to_string(config_.relay.unsettled);
  }
  return std::nullopt;
}

void Run::heal() {
  faults_ = false;
  weather_ = Weather{};
  set_silent_topic("");
  hold_back(std::vector<std::string>(config_.routes.size()));
  while (!open_.empty()) end_transaction(open_.size() - 1);
  flush_log();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    paused_[i] = false;
    for (std::size_t broker = 0; broker < nodes_[i]->wire_count(); ++broker) {
      if (nodes_[i]->wire(broker).is_up()) nodes_[i]->block(broker, false, now_);
    }
  }
  wall_ms_ += 3'700'000;  // whatever the clock did, `not_before` has come by now
}

bool Run::settle_down() {
  for (int i = 0; i < most_steps_to_settle; ++i) {
    for (std::size_t index = 0; index < nodes_.size(); ++index) work(index);
    pass_time();
    if (i % 16 == 0 && (all_drained() || all_wait_for_a_person())) return true;
  }
  return false;
}

bool Run::all_drained() const {
  std::set<std::uint32_t> drained;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i]->holds_lane() && nodes_[i]->core().is_drained()) drained.insert(lane_of_node_[i]);
  }
  return drained.size() == config_.stores[0].lanes;
}

// Behind a failed message of a stopped route everything waits: the relays come to no other rest.
bool Run::all_wait_for_a_person() const {
  const auto outbox = store_->outbox_rows();
  const auto retry = store_->retry_rows();
  return std::all_of(outbox.begin(), outbox.end(), [](const auto& entry) { return entry.second.parked; }) &&
         std::all_of(retry.begin(), retry.end(), [](const auto& entry) {
           return entry.second.state != "sending" || entry.second.reason == "route_stopped";
         });
}

// A person mends what the broker refused and sends it again; poison and malformed ones are dropped.
void Run::resend_failed() {
  std::vector<store::Ticket> again;
  std::vector<store::Ticket> hopeless;
  for (const auto& [sequence, row] : store_->retry_rows()) {
    if (row.state != "failed") continue;
    Written& written = ledger_.written.at(row.message.id.str());
    const bool deadly = written.nature == Nature::poison || written.nature == Nature::lethal;
    const bool mendable = !written.malformed && !deadly && row.reason != "no_route";
    if (mendable) {
      written.nature = Nature::ordinary;
      ledger_.resent_by_person.insert(written.id);
    }
    (mendable ? again : hopeless).push_back(store::Ticket{sequence});
  }
  const auto resent = store_->resend(again, "person", "mended");
  const auto dropped = store_->drop(hopeless, "person", "hopeless");
  if (!resent || !dropped) broken_ = "resend or drop failed";
}

std::uint64_t Run::duplicates() const {
  std::set<std::string> ids;
  for (const auto& arrival : ledger_.arrivals) ids.insert(arrival.id);
  return ledger_.arrivals.size() - ids.size();
}

std::string Run::describe() const {
  std::ostringstream text;
  text << "seed " << seed_ << ": " << nodes_.size() << " engines, " << config_.stores[0].lanes << " lanes, window "
       << config_.relay.window << ", unsettled " << config_.relay.unsettled << "\n";
  for (const auto& route : config_.routes) {
    text << "  route " << route.topic << " -> " << route.broker << ", order " << to_string(route.order) << ", on_nack "
         << to_string(route.on_nack) << ", on_failed_key " << to_string(route.on_failed_key) << ", max_attempts "
         << route.max_attempts << "\n";
  }
  text << "  " << ledger_.written.size() << " messages, " << ledger_.arrivals.size() << " arrivals, " << ledger_.kills
       << " kills\n";
  for (const auto& node : nodes_) {
    const auto& core = node->core();
    text << "  engine: " << (node->holds_lane() ? "holds" : "waits for") << " its lane, tracks " << core.tracked()
         << ", unsettled " << core.unsettled() << ", in flight " << core.in_flight()
         << (core.is_stopped() ? ", stopped" : "");
    for (std::size_t i = 0; i < config_.brokers.size(); ++i) {
      const auto& pipe = core.pipe(relay::BrokerIndex{i});
      text << "; broker " << i << (pipe.is_up() ? " up" : " down") << (pipe.is_blocked() ? " blocked" : "") << " room "
           << pipe.room();
    }
    text << "\n";
  }
  for (const auto& [sequence, row] : store_->retry_rows()) {
    text << "  kept: " << row.message.id.str() << " " << row.state << " " << row.reason << " tries " << row.tries
         << (row.blocks ? " blocks" : "") << "\n";
  }
  for (const auto& [sequence, row] : store_->outbox_rows()) {
    text << "  outbox: " << row.message.id.str() << " seq " << sequence << (row.parked ? " parked" : "") << "\n";
  }
  return text.str();
}

}  // namespace waybill::simulation
