#include "store/memory/tables.hpp"

namespace waybill::store::memory {

std::uint32_t Tables::lane_of(Sequence sequence, const std::optional<Key>& key) const {
  const auto count = static_cast<std::uint32_t>(lanes.size());
  if (!key) return static_cast<std::uint32_t>(sequence % count);
  // FNV-1a: the same on every machine, so that a seed replays everywhere.
  std::uint64_t hash = 14695981039346656037U;
  for (const char byte : key->str()) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
  return static_cast<std::uint32_t>(hash % count);
}

void Tables::publish_row(Sequence sequence) {
  lanes[lane_of(sequence, outbox.at(sequence).message.key)].unseen.insert(sequence);
}

const RetryRow* Tables::blocker(std::uint32_t lane, const Scope& scope) const {
  for (const auto& [sequence, row] : retry) {
    if (row.lane != lane || !row.blocks || row.state == "dropped") continue;
    if (!scope.key && row.state != "failed") continue;  // the heads of a stopped route's keys wait as sending
    if (covers(scope, row.route, row.message.key)) return &row;
  }
  return nullptr;
}

bool covers(const Scope& scope, const std::string& route, const std::optional<Key>& key) {
  if (scope.route != route) return false;
  return !scope.key || (key && key->str() == *scope.key);
}

}  // namespace waybill::store::memory
