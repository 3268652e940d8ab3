#pragma once

#include <cstdint>
#include <map>

#include "core/config.hpp"
#include "store/redis/connection.hpp"

namespace waybill::redis {

/// A connection for each lane, since lanes may be on different nodes of a cluster. Used by one thread at a time.
class LaneConnections {
 public:
  explicit LaneConnections(StoreConfig store) : store_(std::move(store)) {}

  /// The lane's connection, opened when there is none, with the library checked.
  Result<Connection*> get(std::uint32_t lane);
  /// Gives the lane's connection up when it is lost; true when it was.
  bool forget_if_lost(std::uint32_t lane);

 private:
  StoreConfig store_;
  std::map<std::uint32_t, Connection> open_;
};

}  // namespace waybill::redis
