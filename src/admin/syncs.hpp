#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/json.hpp"
#include "core/config.hpp"
#include "sync/sync.hpp"

namespace waybill::admin {

/// One sync of the configuration: how far it is, or why nobody can tell.
struct SyncFigures {
  std::string name;
  std::optional<sync::SyncStatus> status;
  std::string error;
};

/// All of the configuration. Blocks for each sync's database and Redis.
std::vector<SyncFigures> read_syncs(const Config& config);

Json sync_json(const sync::SyncStatus& status);
/// With `error`, null when its figures are there.
Json sync_json(const SyncFigures& figures);

}  // namespace waybill::admin
