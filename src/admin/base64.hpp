#pragma once

#include <string>
#include <string_view>

#include "waybill/result.h"

namespace waybill::admin {

/// RFC 4648 section 4, with padding.
std::string to_base64(std::string_view bytes);

/// The same backwards; missing padding is accepted, any other character is an error that names its position.
Result<std::string> from_base64(std::string_view text);

}  // namespace waybill::admin
