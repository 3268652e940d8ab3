#pragma once

#include <cstdint>
#include <string>

#include "core/config.hpp"
#include "core/secret.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::broker::rabbitmq {

/// Where a broker is and how to get in: an `amqp://` or `amqps://` URL, taken apart and checked.
struct Endpoint {
  std::string host;
  std::uint16_t port = 5672;
  std::string vhost = "/";
  std::string user = "guest";
  Secret password{"guest"};
  bool tls = false;
  bool insecure = false;                     ///< skips the certificate check
  std::string ca_file, cert_file, key_file;  ///< PEM
  Duration heartbeat = std::chrono::seconds{10};

  /// host:port, without secrets.
  std::string name() const;
};

/// Errors name the part of the URL at fault; they never hold the password.
Result<Endpoint> make_endpoint(const BrokerConfig& config);

}  // namespace waybill::broker::rabbitmq
