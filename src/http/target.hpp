#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "waybill/result.h"

namespace waybill::http {

/// What a request asks for, decoded: the path's segments, and the query's parameters.
struct Target {
  std::vector<std::string> path;             ///< `/api/v1/status` is `api`, `v1`, `status`; a trailing slash adds ``
  std::map<std::string, std::string> query;  ///< each name once
};

/// Reads path and query of RFC 3986. An error for what is no path (`*`, `http://...`), a wrong percent-encoding, a
/// parameter given twice. Nothing is resolved: `..` is a segment like any other.
Result<Target> parse_target(std::string_view text);

}  // namespace waybill::http
