#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace waybill::broker::kafka {

/// Why a property of librdkafka can't be passed through: it would break a promise, or is said elsewhere. Nothing when
/// it can.
std::optional<std::string> reason_to_refuse(std::string_view name, std::string_view value);

}  // namespace waybill::broker::kafka
