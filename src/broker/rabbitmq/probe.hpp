#pragma once

#include <map>
#include <set>
#include <string>

#include "broker/rabbitmq/endpoint.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::broker::rabbitmq {

/// Connects and asks for exchanges without creating them. Blocks until the deadline. Gives the missing ones with the
/// broker's words; errors as of open_link().
Result<std::map<std::string, std::string>> missing_exchanges(const Endpoint& endpoint,
                                                             const std::set<std::string>& exchanges, Deadline deadline);

}  // namespace waybill::broker::rabbitmq
