#pragma once

namespace waybill {

/// What `doctor` says of a connection to another host without TLS.
inline constexpr const char* open_way =
    "the connection to another host is not encrypted: password and messages can be read on the way";

}  // namespace waybill
