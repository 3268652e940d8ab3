#pragma once

#include <string>

#include "admin/language.hpp"
#include "http/message.hpp"
#include "http/principal.hpp"
#include "waybill/result.h"

namespace waybill::http {

/// An error as `application/problem+json` (RFC 9457): `title` and `status`, `detail` with what to do, and `code`, the
/// same word as the command line's JSON has.
Response problem(unsigned status, const std::string& code, const std::string& detail);

/// `403`: who asks may not do this, with these topics.
Response may_not(const Principal& who, Act act, const std::string& about);

/// The status that the error's code means.
Response problem(const Error& error);

/// A problem's `detail` in another language; what is not a sentence of ours keeps its words after what its code means.
void tell_in(admin::Language language, Response& problem);

/// `404` as the standard calls it: `Not Found`.
std::string reason_phrase(unsigned status);

}  // namespace waybill::http
