#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/finding.hpp"

namespace waybill::broker::rabbitmq {

/// What a queue, as the management API describes it, does with messages it has confirmed. `version` is the broker's.
void examine_queue(const nlohmann::json& queue, const std::string& version, const std::string& subject,
                   std::vector<Finding>& findings);

}  // namespace waybill::broker::rabbitmq
