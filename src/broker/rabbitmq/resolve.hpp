#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "broker/rabbitmq/interrupt.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::broker::rabbitmq {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

/// The addresses of a host. A name server that does not answer holds up a thread that is left behind, never the caller:
/// the deadline and the interrupt are kept.
Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port, Deadline deadline,
                                     const Interrupt& interrupt);

}  // namespace waybill::broker::rabbitmq
