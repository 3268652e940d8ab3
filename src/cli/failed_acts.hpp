#pragma once

#include <memory>

#include "admin/operation.hpp"
#include "cli/failed_filter.hpp"
#include "cli/session.hpp"

namespace waybill::cli {

/// What is to be done with failed messages, and with which.
struct ActOptions {
  std::shared_ptr<FilterOptions> filter;
  admin::OperationOrder order;
  bool dry_run = false, yes = false, all = false, detach = false;
};

/// Says what it would do (`dry_run`), or asks, does it and follows it to its end. Gives the exit code.
int act_on_failed(const Session& session, const ActOptions& options);

}  // namespace waybill::cli
