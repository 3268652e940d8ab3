#include "store/redis/lane_connections.hpp"

#include "store/redis/library.hpp"
#include "store/redis/placing.hpp"

namespace waybill::redis {

Result<Connection*> LaneConnections::get(std::uint32_t lane) {
  if (const auto found = open_.find(lane); found != open_.end()) return &found->second;
  auto opened = Connection::open(store_, stream_of(lane));
  if (!opened) return opened.error();
  if (auto current = require_current_library(*opened, lane, store_.name); !current) return current.error();
  return &open_.emplace(lane, std::move(*opened)).first->second;
}

bool LaneConnections::forget_if_lost(std::uint32_t lane) {
  const auto found = open_.find(lane);
  if (found == open_.end() || !found->second.is_lost()) return false;
  open_.erase(found);
  return true;
}

}  // namespace waybill::redis
