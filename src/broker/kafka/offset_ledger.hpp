#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace waybill::broker::kafka {

/// One record of the topic.
struct Position {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

/// Which records were handed out, and up to where each partition may be committed: Kafka keeps one number for each, so
/// a record that is still being worked on holds back all that were done after it.
class OffsetLedger {
 public:
  void handed_out(const Position& position);
  /// Its effect is committed. Unknown positions (of a partition that went to another consumer) change nothing.
  void done(const Position& position);

  /// Where each partition goes on, for those that moved since the last call: one behind the last record done without a
  /// gap.
  std::vector<Position> take_commits();

  /// The partition belongs to somebody else now.
  void forget(std::int32_t partition) { partitions_.erase(partition); }
  void clear() { partitions_.clear(); }

 private:
  struct Entry {
    std::int64_t offset;
    bool done = false;
  };
  struct Partition {
    std::deque<Entry> open;  ///< in the order of their offsets; the first is not done
    std::optional<std::int64_t> next;
  };
  std::map<std::int32_t, Partition> partitions_;
};

}  // namespace waybill::broker::kafka
