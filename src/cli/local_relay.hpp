#pragma once

#include <string>

#include "core/config.hpp"
#include "waybill/result.h"

namespace waybill::cli {

/// What the relay of this configuration, on this host, answers to a GET, with the token in `$WAYBILL_TOKEN`. Blocks for
/// five seconds at most. Errors: `unsupported` when it answers at no fixed address, else those of http::get().
Result<std::string> ask_local_relay(const Config& config, const std::string& target);

}  // namespace waybill::cli
