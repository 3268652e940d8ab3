#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "waybill/message.h"

namespace waybill::admin {

/// Stands where something was that is not shown.
inline constexpr std::string_view masked_value = "***";

/// The payload with `"***"` for each value whose path one of the globs matches. A path is the members' names and the
/// places in lists, with dots between them: `customer.card.number`, `items.0.price`. Letters of either case are the
/// same. All other bytes stay as they are. Nothing when the payload is no JSON, or a path in it has more than 1,024
/// bytes: then it can't be told, in bounded time, what it holds.
std::optional<std::string> mask_json(std::string_view payload, const std::vector<std::string>& globs);

/// The headers with `***` for the value of each whose name one of the globs matches, in letters of either case.
Headers mask_headers(Headers headers, const std::vector<std::string>& globs);

}  // namespace waybill::admin
