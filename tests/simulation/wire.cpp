#include "wire.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace waybill::simulation {

using broker::Outcome;
using broker::OutcomeKind;
using broker::Outgoing;

void Wire::write(std::vector<Outgoing> messages) {
  for (auto& message : messages) {
    if (up_) {
      written_.push_back(std::move(message));
    } else {
      refused_.push_back({message.tag, OutcomeKind::unsent, "not connected"});
    }
  }
}

Nature Wire::nature_of(const Outgoing& message) const { return ledger_.written.at(message.message->id.str()).nature; }

bool Wire::arrive(const Weather& weather, Rng& rng) {
  if (nature_of(written_.front()) == Nature::poison) return false;
  auto message = std::move(written_.front());
  written_.pop_front();
  take(std::move(message), weather, rng);
  return true;
}

void Wire::take(Outgoing message, const Weather& weather, Rng& rng) {
  const std::string id = message.message->id.str();
  const Nature nature = nature_of(message);
  OutcomeKind kind = OutcomeKind::confirmed;
  if (weather.exchange_missing) {
    kind = OutcomeKind::route_fault;
  } else if (nature == Nature::always_rejected || rng.chance(weather.nack_percent)) {
    kind = OutcomeKind::rejected;
  } else if (nature == Nature::always_unroutable || rng.chance(weather.return_percent)) {
    kind = OutcomeKind::unroutable;
  }
  if (kind == OutcomeKind::confirmed) ledger_.arrivals.push_back({id, message.attempt, relay_});
  const bool mute = !weather.silent_topic.empty() && message.message->topic.str() == weather.silent_topic;
  (mute ? mute_ : taken_).push_back({std::move(message), kind});
}

void Wire::speak_again() {
  std::move(mute_.begin(), mute_.end(), std::back_inserter(taken_));
  mute_.clear();
}

std::vector<Outcome> Wire::answer(Rng& rng) {
  std::vector<Outcome> outcomes;
  const auto count = 1 + rng.below(taken_.size());
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::ptrdiff_t>(rng.chance(70) ? 0 : rng.below(taken_.size()));
    const Taken taken = std::move(taken_[static_cast<std::size_t>(index)]);
    taken_.erase(taken_.begin() + index);
    const bool refused = taken.kind == OutcomeKind::rejected || taken.kind == OutcomeKind::unroutable;
    if (refused) ++ledger_.refusals[taken.message.message->id.str()];
    outcomes.push_back({taken.message.tag, taken.kind, taken.kind == OutcomeKind::confirmed ? "" : "model's answer"});
  }
  return outcomes;
}

std::vector<Outcome> Wire::end(const Weather& weather, Rng& rng) {
  std::vector<Outcome> outcomes;
  const auto still_arrive = rng.below(written_.size() + 1);
  const auto left_process = still_arrive + rng.below(written_.size() - still_arrive + 1);
  std::vector<std::string> in_doubt;
  speak_again();
  for (auto& taken : taken_) {
    outcomes.push_back({taken.message.tag, OutcomeKind::in_doubt, "connection lost"});
    in_doubt.push_back(taken.message.message->id.str());
  }
  taken_.clear();
  std::uint64_t n = 0;
  bool poisoned = false;
  for (auto& message : written_) {
    const bool left = n < left_process;
    outcomes.push_back({message.tag, left ? OutcomeKind::in_doubt : OutcomeKind::unsent, "connection lost"});
    if (left) in_doubt.push_back(message.message->id.str());
    poisoned = poisoned || nature_of(message) == Nature::poison || nature_of(message) == Nature::lethal;
    if (n++ < still_arrive && !poisoned) take(std::move(message), weather, rng);
  }
  if (in_doubt.size() == 1) ++ledger_.lone_ends[in_doubt.front()];
  written_.clear();
  taken_.clear();
  mute_.clear();
  up_ = false;
  return outcomes;
}

}  // namespace waybill::simulation
