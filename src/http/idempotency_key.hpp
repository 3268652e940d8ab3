#pragma once

#include <string>

#include "http/message.hpp"
#include "waybill/result.h"

namespace waybill::http {

/// The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07, section 2): a name that the asker gives
/// to a request, so that asking again does nothing again. Quoted or bare; empty when it is not there. As it becomes the
/// id of what is begun, and ids sort by when that was, it has to be a UUIDv7 of the last day: `invalid_argument`
/// otherwise, and when it is there twice.
Result<std::string> idempotency_key(const Request& request);

}  // namespace waybill::http
