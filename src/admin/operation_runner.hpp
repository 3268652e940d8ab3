#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "admin/operation.hpp"
#include "core/config.hpp"
#include "core/time.hpp"

namespace waybill::admin {

/// What runs operations needs beside the store.
struct RunnerSetting {
  const Config& config;
  std::string runner;                          ///< host:pid
  std::function<bool()> stop;                  ///< true: leave it as it is, for another runner
  std::function<void(const Operation&)> told;  ///< how far it is; may be empty
};

/// Takes an operation, unless somebody else works on it, and carries it out: each message at most once, whoever died
/// before. Blocks until it is over, `stop` says so, or it was taken by another; gives how it stands then. Errors are
/// the store's; another runner then goes on.
Result<Operation> run_operation(store::Store& store, const std::string& id, const RunnerSetting& setting);

/// Whether a runner may take it: nobody works on it, or who did is dead.
bool may_be_taken(const Operation& operation);

}  // namespace waybill::admin
