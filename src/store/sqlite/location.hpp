#pragma once

#include <optional>
#include <string>

#include "core/config.hpp"
#include "waybill/result.h"

namespace waybill::sqlite {

/// The file that a `sqlite:///path` URL names (`sqlite://path`: below the working directory). Errors name the store.
Result<std::string> path_of(const StoreConfig& config);

/// The name of the network file system that holds the file or its folder, or nullopt when it is a local one. SQLite's
/// locks and its shared memory need all processes on one host (sqlite.org/wal.html).
std::optional<std::string> network_file_system(const std::string& path);

}  // namespace waybill::sqlite
