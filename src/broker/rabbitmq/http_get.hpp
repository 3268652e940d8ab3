#pragma once

#include <string>

#include "broker/rabbitmq/endpoint.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::broker::rabbitmq {

/// Asks an HTTP server for one path, with the endpoint's user and password. Blocks until the deadline. Gives the body
/// of a 200; errors: unreachable, timeout, unauthorized (401, 403), not_found (404), corrupt (no HTTP, more than 16
/// MiB).
Result<std::string> http_get(const Endpoint& server, const std::string& path, Deadline deadline);

}  // namespace waybill::broker::rabbitmq
