#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "waybill/result.h"

namespace waybill {

/// A parsed URL. Percent-encoding is already decoded.
struct Url {
  std::string scheme;                ///< lower case
  std::string user, password, host;  ///< host without brackets
  std::uint16_t port = 0;            ///< 0: not given
  std::string path;                  ///< with its leading slash, or empty
  bool has_path = false;             ///< `amqp://host/` (empty vhost name) differs from `amqp://host`
  std::map<std::string, std::string> query;
};

/// Errors name the part at fault and never repeat a password.
Result<Url> parse_url(std::string_view text);

/// Whether what is sent there does not leave this host: `localhost`, a loopback address, or none (a local socket).
bool stays_on_this_host(std::string_view host);

/// The text with the password part replaced by `***`; works on malformed URLs and on `password=` query parts too.
std::string mask_url(std::string_view text);

/// A text as it may stand in a segment of a path or in a query: all but unreserved characters encoded (RFC 3986,
/// section 2.3).
std::string percent_encoded(std::string_view text);

}  // namespace waybill
