#pragma once

#include <string>

#include "core/config.hpp"

namespace waybill::broker::kafka {

/// What helps beside the library's complaint that it can't connect, for the message's end: that another server listens
/// there, that only one side speaks TLS, or that the broker asks for a certificate. Blocks for at most about a second.
std::string hint_beside(const std::string& complaint, const BrokerConfig& config, const std::string& servers);

}  // namespace waybill::broker::kafka
