#pragma once

/// \file
/// What Redis' error replies mean, those of Waybill's own functions too.

#include <string_view>

#include "waybill/result.h"

namespace waybill::redis {

/// The code of an error reply: its first word decides, for example `OOM`, `MOVED`, `WBLOST`.
ErrorCode code_of(std::string_view words) noexcept;

/// `doing: WORDS; REMEDY`
Error error_of(std::string_view words, std::string_view doing);

}  // namespace waybill::redis
