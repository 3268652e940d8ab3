#pragma once

/// \file
/// Where a lane stands, as it is stored: an insert-only log in two tables that are truncated in turn.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/postgresql/connection.hpp"
#include "store/postgresql/progress.hpp"

namespace waybill::postgresql {

/// One row of the log. The row with the highest `n` counts.
struct Position {
  std::int64_t n = 0;
  std::string holder;
  std::int64_t clock_ms = 0;
  std::int64_t age_ms = 0;  ///< when read: how long ago it was written, by the store's clock
  bool clean = false;
  std::optional<Seq> suspect;
  std::int64_t suspect_kills = 0;
  Progress progress;             ///< what has been handed out
  std::vector<Seq> outstanding;  ///< handed out and not settled
  Seq claimed = 0;               ///< up to here messages may be handed out before the next row is written
  Seq flagged = 0;               ///< up to here what is not settled may have been sent by an earlier owner
};

class PositionLog {
 public:
  PositionLog(Connection& connection, std::uint32_t lane) : connection_(&connection), lane_(lane) {}

  /// The newest row, or nullopt when the lane was never held. Later appends go on from it.
  Result<std::optional<Position>> load();
  /// Writes a row, with `n` one above the last; durable on return unless a transaction is open. `lost_lane` when
  /// somebody else has written that row.
  Status append(const Position& position);
  /// Changes to the other table, emptied, when the present one has grown long. Does nothing while somebody (pg_dump)
  /// holds the other one. Call it outside a transaction.
  Status rotate();

 private:
  Connection* connection_;
  std::uint32_t lane_;
  char half_ = 'a';
  std::int64_t n_ = 0;
  std::int64_t first_of_half_ = 0;
};

/// Reads the newest position of a lane on any connection, without taking part in its log.
Result<std::optional<Position>> newest_position(Connection& connection, std::uint32_t lane, char* half = nullptr);

}  // namespace waybill::postgresql
