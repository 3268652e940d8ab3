#pragma once

/// \file
/// The contract of the consuming side of a broker. The public face is `waybill/consumer.h`.

#include <functional>
#include <memory>

#include "core/config.hpp"
#include "core/time.hpp"
#include "waybill/consumer.h"
#include "waybill/result.h"

namespace waybill::broker {

/// Makes the consumer that the URL's scheme names. Opens no connection.
Result<std::unique_ptr<Consumer>> open_consumer(const BrokerConfig& config, const ConsumerOptions& options);

}  // namespace waybill::broker
