#pragma once

#include <string>
#include <vector>

#include "core/finding.hpp"

namespace waybill::broker {

/// How a connection is protected, as far as the configuration says.
struct TransportSecurity {
  bool tls = false;
  bool insecure = false;  ///< the certificate is not checked
  std::string host;
  std::string secure_scheme;  ///< `amqps`
};

/// Adds what is wrong with it, if anything is (WB-D304).
void examine_transport(const TransportSecurity& security, const std::string& subject, std::vector<Finding>& findings);

}  // namespace waybill::broker
