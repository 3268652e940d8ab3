#pragma once

/// \file
/// One schedule of the simulation: services write, relays work, everything fails in every order, then all heals and the
/// promises are checked.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger.hpp"
#include "node.hpp"
#include "rng.hpp"
#include "store/memory/store.hpp"

namespace waybill::simulation {

class Run {
 public:
  explicit Run(std::uint64_t seed);

  /// Nothing, or which promise was broken and how.
  std::optional<std::string> execute();
  /// The schedule's settings and what happened, for a failure's report.
  std::string describe() const;

  std::uint64_t kills() const { return ledger_.kills; }
  std::uint64_t duplicates() const;
  std::uint64_t messages() const { return ledger_.written.size(); }

 private:
  struct Open {
    store::MemoryStore::Transaction transaction;
    std::vector<std::string> ids;
    std::optional<std::string> key;
  };

  void make_config();
  void fail_somehow();
  void step();
  void write_something();
  void end_transaction(std::size_t index);
  void flush_log();
  void crash_store();
  void work(std::size_t index);
  void broker_event(std::size_t index);
  void change_weather();
  void set_silent_topic(const std::string& topic);
  void hold_back(std::vector<std::string> routes);
  void relay_event(std::size_t index);
  void kill(std::size_t index);
  void steal_lane(std::size_t index);
  void pass_time();

  void heal();
  bool settle_down();
  void resend_failed();
  bool all_drained() const;
  bool all_wait_for_a_person() const;
  std::optional<std::string> check_unsettled_bound() const;

  Rng rng_;
  std::uint64_t seed_;
  Config config_;
  Ledger ledger_;
  MonoTime now_{std::chrono::seconds{1000}};
  std::int64_t wall_ms_ = 1'700'000'000'000;
  std::unique_ptr<store::MemoryStore> store_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::uint32_t> lane_of_node_;
  std::vector<bool> paused_;
  std::vector<std::unique_ptr<Open>> open_;
  std::vector<std::string> unflushed_;  // committed, and undone by a crash of the store
  std::vector<std::string> held_back_;  // each route: why a person pauses it, or empty
  Weather weather_;
  bool faults_ = true;
  std::size_t next_id_ = 0;
  std::optional<std::string> broken_;
};

}  // namespace waybill::simulation
