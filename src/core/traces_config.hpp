#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/property.hpp"

namespace waybill {

/// `[traces]`: where a relay tells of the messages whose services trace them.
struct TracesConfig {
  bool tls = false;
  std::string host;  ///< a name or an IP address; empty: traces are told nobody
  std::uint16_t port = 0;
  std::string path;
  std::string ca_file;            ///< PEM; empty: what the system trusts
  std::vector<Property> headers;  ///< of each request
  std::string service = "waybill";

  bool is_on() const { return !host.empty(); }
};

}  // namespace waybill
