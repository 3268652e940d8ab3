#pragma once

/// \file
/// One relay process of the simulation: the real engine, with the store and the wires performed step by step.

#include <deque>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ledger.hpp"
#include "relay/core.hpp"
#include "store/memory/store.hpp"
#include "wire.hpp"

namespace waybill::simulation {

class Node {
 public:
  Node(const Config& config, store::MemoryStore& store, Ledger& ledger, std::size_t number, std::uint32_t lane);

  bool holds_lane() const { return lane_ != nullptr; }
  bool has_store_work() const { return !store_work_.empty() || lane_ == nullptr; }
  std::size_t wire_count() const { return wires_.size(); }
  Wire& wire(std::size_t broker) { return wires_[broker]; }
  const relay::RelayCore& core() const { return core_; }

  /// What the engine did that no store may allow: settle what it was not handed.
  const std::string& misuse() const { return misuse_; }

  /// Performs the next store action, or tries to take the lane.
  void step_store(MonoTime now, const Weather& weather, Rng& rng);
  void connect(std::size_t broker, MonoTime now);
  void arrive(std::size_t broker, MonoTime now, const Weather& weather, Rng& rng);
  void answer(std::size_t broker, MonoTime now, Rng& rng);
  void disconnect(std::size_t broker, broker::DownCause cause, MonoTime now, const Weather& weather, Rng& rng);
  void block(std::size_t broker, bool blocked, MonoTime now);
  void pause_routes(std::vector<std::string> why, MonoTime now) {
    perform(core_.handle(relay::RoutesPaused{std::move(why)}, now));
  }
  std::vector<relay::Sample> take_samples() { return core_.take_samples(); }
  void tick(MonoTime now) { perform(core_.handle(relay::Tick{}, now)); }
  void request_stop(MonoTime now) { perform(core_.handle(relay::StopRequested{}, now)); }
  /// The lane is about to be taken from it: whom its next owner may hold that against.
  void note_suspect();
  /// SIGKILL: what was written may still arrive.
  void kill(const Weather& weather, Rng& rng);

 private:
  using StoreAction = std::variant<relay::FetchFresh, relay::FetchDue, relay::FetchBacklog, relay::FetchSetAside,
                                   relay::Settle, relay::MarkSuspect>;
  void perform(relay::Actions actions);
  void refuse(std::size_t broker, MonoTime now);
  void lose_lane(MonoTime now, const Weather& weather, Rng& rng);
  std::variant<relay::Event, Error> execute(const StoreAction& action);

  store::MemoryStore& store_;
  Ledger& ledger_;
  std::size_t number_;
  std::uint32_t lane_number_;
  relay::RelayCore core_;
  std::unique_ptr<store::Lane> lane_;
  std::deque<StoreAction> store_work_;
  std::vector<Wire> wires_;
  std::string misuse_;
};

}  // namespace waybill::simulation
