#pragma once

#include <string>

#include "core/http_config.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::http {

/// What the relay of this configuration, on this host, answers to a GET. Blocks for `patience` at most. Over TLS the
/// relay must show the certificate of the configuration itself. Errors: `unreachable`; for an answer that is no 200
/// what its status means, with the server's words.
Result<std::string> get(const HttpConfig& relay, const std::string& target, const std::string& token,
                        Duration patience);

}  // namespace waybill::http
