#pragma once

#include <string>

#include "admin/json.hpp"
#include "core/config.hpp"

namespace waybill::admin {

/// What this configuration sends where, as an AsyncAPI document for those who consume: a server for each broker (hosts
/// only, no passwords), a channel and an operation for each route, the headers that come with a message. Source: the
/// AsyncAPI specification, version 3.0.0, with its AMQP and Kafka bindings.
Json asyncapi_json(const Config& config, const std::string& title, const std::string& version);

}  // namespace waybill::admin
