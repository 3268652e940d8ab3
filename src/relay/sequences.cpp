#include "relay/sequences.hpp"

#include <algorithm>
#include <functional>
#include <string>

namespace waybill::relay {

std::size_t ScopeHash::operator()(const store::Scope& scope) const noexcept {
  const std::size_t route = std::hash<std::string>{}(scope.route);
  const std::size_t key = scope.key ? std::hash<std::string>{}(*scope.key) : 0x9e37'79b9U;
  return route * 31 + key;
}

bool Sequences::must_park(const store::Scope& scope) const { return phase(scope) != Phase::flowing; }

Sequences::Phase Sequences::phase(const store::Scope& scope) const {
  const auto found = sequences_.find(scope);
  return found == sequences_.end() ? Phase::flowing : found->second.phase;
}

bool Sequences::append(const store::Scope& scope, Tag tag) {
  auto& sequence = sequences_[scope];
  sequence.queue.push_back(tag);
  if (sequence.busy) return false;
  sequence.busy = true;
  return true;
}

std::optional<Tag> Sequences::finish(const store::Scope& scope, Tag tag) {
  const auto found = sequences_.find(scope);
  if (found == sequences_.end()) return std::nullopt;
  auto& sequence = found->second;
  if (!sequence.queue.empty() && sequence.queue.front() == tag) {
    sequence.queue.pop_front();
    sequence.busy = false;
  } else {
    sequence.queue.remove(tag);
  }
  if (!sequence.busy && !sequence.queue.empty()) {
    sequence.busy = true;
    return sequence.queue.front();
  }
  forget_if_idle(scope);
  return std::nullopt;
}

bool Sequences::is_known_after(const store::Scope& scope, std::uint64_t settlement) const {
  const auto found = sequences_.find(scope);
  return found == sequences_.end() || found->second.blocked_by <= settlement;
}

std::vector<Tag> Sequences::block(const store::Scope& scope, std::uint64_t settlement) {
  auto& sequence = sequences_[scope];
  sequence.blocked_by = settlement;
  if (sequence.phase == Phase::flowing) ++blocked_;
  sequence.phase = Phase::waiting;
  return sequence.queue.take_followers();
}

bool Sequences::has_followers(const store::Scope& scope) const {
  const auto found = sequences_.find(scope);
  return found != sequences_.end() && found->second.queue.size() > 1;
}

void Sequences::restore(const store::Scope& scope, std::uint64_t settlement) {
  auto& sequence = sequences_[scope];
  sequence.blocked_by = settlement;
  if (sequence.phase == Phase::flowing) ++blocked_;
  sequence.phase = Phase::waiting;
}

bool Sequences::start_draining(const store::Scope& scope) {
  const auto found = sequences_.find(scope);
  if (found == sequences_.end() || found->second.phase != Phase::waiting) return false;
  found->second.phase = Phase::draining;
  return wants_backlog(scope);
}

void Sequences::backlog_requested(const store::Scope& scope) {
  auto& sequence = sequences_[scope];
  sequence.backlog_pending = true;
  sequence.parked_since = false;
}

void Sequences::parked(const store::Scope& scope) {
  const auto found = sequences_.find(scope);
  if (found != sequences_.end()) found->second.parked_since = true;
}

bool Sequences::parked_since_request(const store::Scope& scope) const {
  const auto found = sequences_.find(scope);
  return found != sequences_.end() && found->second.parked_since;
}

void Sequences::backlog_answered(const store::Scope& scope) {
  const auto found = sequences_.find(scope);
  if (found != sequences_.end()) found->second.backlog_pending = false;
}

bool Sequences::wants_backlog(const store::Scope& scope) const {
  const auto found = sequences_.find(scope);
  return found != sequences_.end() && found->second.phase == Phase::draining && found->second.queue.empty() &&
         !found->second.backlog_pending;
}

void Sequences::release(const store::Scope& scope) {
  const auto found = sequences_.find(scope);
  if (found == sequences_.end() || found->second.phase == Phase::flowing) return;
  found->second.phase = Phase::flowing;
  --blocked_;
  forget_if_idle(scope);
}

void Sequences::clear() {
  sequences_.clear();
  blocked_ = 0;
}

void Sequences::forget_if_idle(const store::Scope& scope) {
  const auto found = sequences_.find(scope);
  if (found != sequences_.end() && found->second.phase == Phase::flowing && found->second.queue.empty()) {
    sequences_.erase(found);
  }
}

}  // namespace waybill::relay
