#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/time.hpp"
#include "store/postgresql/connection.hpp"
#include "store/postgresql/outbox_reader.hpp"
#include "store/postgresql/position_log.hpp"

namespace waybill::postgresql {

/// Frees partitions of the outbox whose messages are all settled. It never waits for a lock and never touches the
/// partition that inserts go to or the one after it, so no insert waits for it.
class Truncation {
 public:
  Truncation(Connection& connection, std::uint32_t lanes) : connection_(&connection), lanes_(lanes) {}

  /// Frees at most one partition. `last_drawn` is the sequence's last number. Call it outside a transaction.
  Status step(Seq last_drawn, MonoTime now);

 private:
  struct Extent {
    bool empty = true;
    Seq first = 0, last = 0;
  };
  Result<Extent> extent_of(int partition);
  Result<bool> read_positions();
  bool settled(const Extent& extent) const;
  Result<bool> free(int partition);
  Result<bool> is_needed(int partition, const Extent& extent);

  Connection* connection_;
  std::uint32_t lanes_;
  std::vector<Position> positions_;
  std::array<MonoTime, partitions> not_before_{};
  std::array<Duration, partitions> backoff_{};
};

}  // namespace waybill::postgresql
