#pragma once

#include <string_view>

#include "waybill/result.h"

namespace waybill::mysql {

/// What an error number of the server or the client library means.
ErrorCode code_of(unsigned number) noexcept;

/// The error of a statement: what was tried, the server's words, the number, and what to do.
Error error_of(unsigned number, std::string_view words, std::string_view doing);

/// Whether the connection is gone with it.
bool ends_connection(unsigned number) noexcept;

}  // namespace waybill::mysql
