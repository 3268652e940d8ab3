#pragma once

#include <string>

#include "broker/kafka/handles.hpp"
#include "core/config.hpp"
#include "waybill/result.h"

namespace waybill::broker::kafka {

/// The most bytes of one message that leave this process: a broker closes the connection on a request of over 100 MiB
/// (its `socket.request.max.bytes`), and then nobody could tell which message it was.
inline constexpr int largest_message = 100'000'000;

/// What a client of each kind begins with: address, TLS and login from the URL, then what the promises need, then the
/// user's own properties. Opens no connection. Errors (`invalid_configuration`, `invalid_argument`) name the URL's part
/// or the property at fault: unknown (with the nearest known name), a value that the library refuses, or one that would
/// break a promise (with the reason).
Result<SettingsHandle> producer_settings(const BrokerConfig& config);
/// For questions about the cluster only.
Result<SettingsHandle> inquirer_settings(const BrokerConfig& config);
Result<SettingsHandle> consumer_settings(const BrokerConfig& config, const std::string& group);

/// `host:port` or a list of them, as the URL says it: without secrets.
Result<std::string> servers_of(const BrokerConfig& config);

}  // namespace waybill::broker::kafka
