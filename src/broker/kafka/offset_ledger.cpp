#include "broker/kafka/offset_ledger.hpp"

#include <algorithm>

namespace waybill::broker::kafka {

void OffsetLedger::handed_out(const Position& position) {
  partitions_[position.partition].open.push_back({position.offset});
}

void OffsetLedger::done(const Position& position) {
  const auto found = partitions_.find(position.partition);
  if (found == partitions_.end()) return;
  auto& open = found->second.open;
  const auto entry = std::lower_bound(open.begin(), open.end(), position.offset,
                                      [](const Entry& at, std::int64_t offset) { return at.offset < offset; });
  if (entry == open.end() || entry->offset != position.offset) return;
  entry->done = true;
  while (!open.empty() && open.front().done) {
    found->second.next = open.front().offset + 1;
    open.pop_front();
  }
}

std::vector<Position> OffsetLedger::take_commits() {
  std::vector<Position> commits;
  for (auto& [number, partition] : partitions_) {
    if (partition.next) commits.push_back({number, *partition.next});
    partition.next.reset();
  }
  return commits;
}

}  // namespace waybill::broker::kafka
