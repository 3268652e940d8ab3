#pragma once

#include "core/url.hpp"
#include "waybill/result.h"

namespace waybill {

/// Errors (`invalid_configuration`): a parameter that URLs of this scheme don't have, with those that they do; or a
/// value that it can't have. What is only ignored leaves off what it was written for, such as TLS. PostgreSQL's
/// parameters are its library's own to check.
Status check_parameters(const Url& url);

}  // namespace waybill
