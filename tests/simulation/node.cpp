#include "node.hpp"

#include <utility>

namespace waybill::simulation {

using namespace relay;

Node::Node(const Config& config, store::MemoryStore& store, Ledger& ledger, std::size_t number, std::uint32_t lane)
    : store_(store),
      ledger_(ledger),
      number_(number),
      lane_number_(lane),
      core_(config),
      wires_(config.brokers.size(), Wire{ledger, number}) {}

void Node::perform(Actions actions) {
  for (auto& action : actions) {
    if (auto* publish = std::get_if<Publish>(&action)) {
      wires_[publish->broker.value].write(std::move(publish->messages));
      continue;
    }
    std::visit(
        [this](auto&& one) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(one)>, Publish>)
            store_work_.emplace_back(std::forward<decltype(one)>(one));
        },
        std::move(action));
  }
}

// As a publisher does it: what was handed over before the engine heard of the end comes back after it has.
void Node::refuse(std::size_t broker, MonoTime now) {
  auto outcomes = wires_[broker].refused();
  if (!outcomes.empty()) perform(core_.handle(OutcomesArrived{BrokerIndex{broker}, std::move(outcomes)}, now));
}

void Node::step_store(MonoTime now, const Weather& weather, Rng& rng) {
  if (!lane_) {
    auto lane = store_.acquire(lane_number_, "relay " + std::to_string(number_));
    if (!lane) return;
    lane_ = std::move(*lane);
    store_work_.clear();
    perform(core_.handle(LaneOpened{lane_->state()}, now));
    return;
  }
  const StoreAction action = std::move(store_work_.front());
  store_work_.pop_front();
  auto answer = execute(action);
  if (auto* event = std::get_if<Event>(&answer)) {
    perform(core_.handle(std::move(*event), now));
  } else {
    lose_lane(now, weather, rng);
  }
}

std::variant<Event, Error> Node::execute(const StoreAction& action) {
  if (const auto* fresh = std::get_if<FetchFresh>(&action)) {
    auto fetched = lane_->fetch(fresh->limit);
    if (!fetched) return fetched.error();
    return Event{FreshFetched{std::move(*fetched)}};
  }
  if (const auto* retries = std::get_if<FetchDue>(&action)) {
    auto due = lane_->due(retries->now, retries->limit);
    if (!due) return due.error();
    return Event{RetriesDue{std::move(*due)}};
  }
  if (const auto* backlog = std::get_if<FetchBacklog>(&action)) {
    auto fetched = lane_->backlog(backlog->scope, backlog->limit);
    if (!fetched) return fetched.error();
    return Event{BacklogFetched{backlog->scope, std::move(*fetched)}};
  }
  if (const auto* aside = std::get_if<FetchSetAside>(&action)) {
    auto fetched = lane_->set_aside(aside->topic, aside->limit);
    if (!fetched) return fetched.error();
    return Event{SetAsideFetched{aside->route, std::move(*fetched)}};
  }
  if (const auto* settle = std::get_if<Settle>(&action)) {
    auto report = lane_->settle(settle->batch);
    if (!report && report.error().code() == ErrorCode::refused) misuse_ = report.error().message();
    if (!report) return report.error();
    return Event{Settled{*report}};
  }
  if (auto marked = lane_->mark_suspect(std::get<MarkSuspect>(action).ticket); !marked) return marked.error();
  return Event{SuspectMarked{}};
}

void Node::lose_lane(MonoTime now, const Weather& weather, Rng& rng) {
  note_suspect();
  for (auto& wire : wires_) wire.abandon(weather, rng);
  lane_.reset();
  store_work_.clear();
  perform(core_.handle(LaneLost{}, now));
}

void Node::connect(std::size_t broker, MonoTime now) {
  refuse(broker, now);
  wires_[broker].up();
  perform(core_.handle(BrokerUp{BrokerIndex{broker}, "model:" + std::to_string(broker)}, now));
}

void Node::arrive(std::size_t broker, MonoTime now, const Weather& weather, Rng& rng) {
  if (wires_[broker].arrive(weather, rng)) return;
  disconnect(broker, rng.chance(50) ? broker::DownCause::protocol : broker::DownCause::lost, now, weather, rng);
}

void Node::answer(std::size_t broker, MonoTime now, Rng& rng) {
  perform(core_.handle(OutcomesArrived{BrokerIndex{broker}, wires_[broker].answer(rng)}, now));
}

void Node::disconnect(std::size_t broker, broker::DownCause cause, MonoTime now, const Weather& weather, Rng& rng) {
  auto outcomes = wires_[broker].end(weather, rng);
  if (!outcomes.empty()) perform(core_.handle(OutcomesArrived{BrokerIndex{broker}, std::move(outcomes)}, now));
  perform(core_.handle(BrokerDown{BrokerIndex{broker}, cause, "model: connection ended"}, now));
  if (rng.chance(50)) refuse(broker, now);
}

void Node::block(std::size_t broker, bool blocked, MonoTime now) {
  perform(core_.handle(BrokerBlocked{BrokerIndex{broker}, blocked, "model: low on memory"}, now));
}

// Whoever takes the lane next may hold it against the message that the store names as standing alone.
void Node::note_suspect() {
  if (!lane_) return;
  const auto suspect = store_.lane_row(lane_number_).suspect;
  if (!suspect) return;
  const auto outbox = store_.outbox_rows();
  const auto retry = store_.retry_rows();
  if (const auto row = outbox.find(*suspect); row != outbox.end()) ++ledger_.lone_ends[row->second.message.id.str()];
  if (const auto row = retry.find(*suspect); row != retry.end()) ++ledger_.lone_ends[row->second.message.id.str()];
}

void Node::kill(const Weather& weather, Rng& rng) {
  note_suspect();
  ++ledger_.kills;
  for (auto& wire : wires_) wire.abandon(weather, rng);
  lane_.reset();
}

}  // namespace waybill::simulation
