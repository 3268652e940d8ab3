#pragma once

#include <string>

#include "admin/operation.hpp"
#include "cli/session.hpp"

namespace waybill::cli {

/// Carries an operation out in this process, or follows it where another runs it, until it is over; Ctrl-C asks it to
/// stop. Shows how far it is.
Result<admin::Operation> follow(const Session& session, const Opened& opened, const std::string& id);

/// How it ended, as text or as JSON, and the exit code: 0 done, 1 stopped.
int report_end(const Session& session, const admin::Operation& operation);

}  // namespace waybill::cli
