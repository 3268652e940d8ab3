#pragma once

#include <string>

#include "http/message.hpp"
#include "waybill/result.h"

namespace waybill::http {

/// An error as `application/problem+json` (RFC 9457): `title` and `status`, `detail` with what to do, and `code`, the
/// same word as the command line's JSON has.
Response problem(unsigned status, const std::string& code, const std::string& detail);

/// The status that the error's code means.
Response problem(const Error& error);

/// `404` as the standard calls it: `Not Found`.
std::string reason_phrase(unsigned status);

}  // namespace waybill::http
