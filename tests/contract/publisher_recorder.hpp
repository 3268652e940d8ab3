#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "broker/publisher.hpp"

namespace waybill::testing {

/// Writes down everything a publisher reports, and waits for it with a deadline.
class Recorder final : public broker::PublisherEvents {
 public:
  struct State {
    bool up = false;
    int ups = 0;
    bool blocked = false;
    std::vector<std::pair<broker::DownCause, std::string>> downs;
    std::map<std::uint64_t, broker::Outcome> outcomes;  ///< by tag
    int doubled = 0;                                    ///< outcomes for a tag that had one: must stay 0
    std::size_t count(broker::OutcomeKind kind) const {
      return static_cast<std::size_t>(
          std::count_if(outcomes.begin(), outcomes.end(), [&](const auto& it) { return it.second.kind == kind; }));
    }
  };

  void on_up(const std::string&) override {
    change([](State& state) {
      state.up = true;
      ++state.ups;
    });
  }
  void on_down(broker::DownCause cause, const std::string& reason) override {
    change([&](State& state) {
      state.up = false;
      state.downs.emplace_back(cause, reason);
    });
  }
  void on_blocked(bool blocked, const std::string&) override {
    change([&](State& state) { state.blocked = blocked; });
  }
  void on_outcomes(std::vector<broker::Outcome> outcomes) override {
    change([&](State& state) {
      for (auto& outcome : outcomes) {
        const std::uint64_t tag = outcome.tag.value;
        if (!state.outcomes.emplace(tag, std::move(outcome)).second) ++state.doubled;
      }
    });
  }

  /// False when the condition does not come true in time; the state is then the test's to print.
  template <class Condition>
  bool await(Condition condition, std::chrono::seconds limit = std::chrono::seconds{30}) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return condition(std::as_const(state_)); });
  }
  bool await_up(int times = 1) {
    return await([&](const State& state) { return state.up && state.ups >= times; });
  }
  bool await_outcomes(std::size_t count) {
    return await([&](const State& state) { return state.outcomes.size() >= count; });
  }
  State state() {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  broker::Outcome outcome(std::uint64_t tag) { return state().outcomes.at(tag); }

 private:
  template <class Change>
  void change(Change what) {
    const std::lock_guard lock(mutex_);
    what(state_);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  State state_;
};

/// A message with a tag, an id made from it, the key of all others, and where it goes.
inline broker::Outgoing outgoing(std::uint64_t tag, const std::string& exchange, const std::string& routing_key,
                                 const std::string& payload = "payload") {
  auto message = std::make_shared<Message>();
  message->id = MessageId("message-" + std::to_string(tag));
  message->topic = Topic("orders.created");
  message->key = Key("one");
  message->payload = payload;
  return {broker::Tag{tag}, std::move(message), exchange, routing_key, 1, {}};
}

inline std::vector<broker::Outgoing> outgoings(std::uint64_t first, std::uint64_t last, const std::string& exchange,
                                               const std::string& routing_key) {
  std::vector<broker::Outgoing> all;
  for (std::uint64_t tag = first; tag <= last; ++tag) all.push_back(outgoing(tag, exchange, routing_key));
  return all;
}

}  // namespace waybill::testing
