#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "waybill/message.h"
#include "waybill/result.h"

namespace waybill::admin {

/// What is checked before a message is persisted by `waybill send`.
struct SendingRules {
  const Config* config = nullptr;
  const StoreConfig* store = nullptr;
  bool route_required = true;  ///< false: persist also what no route matches (it then fails visibly with that reason)
};

/// Names the part of the message at fault and the limit: bad text, payload over `max_payload`, topic without a route.
Status check_message(const Message& message, const SendingRules& rules);

/// The error for a topic that no route matches; names the route that was probably meant.
Error no_route(const Config& config, std::string_view topic);

/// Splits `N=V`. The value may be empty and may hold further `=`.
Status add_header(std::string_view text, Headers& headers);

/// One message per line of NDJSON: `topic`, `key`, `id`, `headers`, `payload` or `payload_base64`, `content_type`,
/// `delay`. Reads and checks every line before it gives any; errors start with `SOURCE:LINE:COLUMN:`.
Result<std::vector<Message>> parse_batch(std::string_view text, const std::string& source, const SendingRules& rules);

}  // namespace waybill::admin
