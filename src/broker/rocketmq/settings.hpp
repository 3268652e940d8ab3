#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "broker/protocol_guess.hpp"
#include "core/config.hpp"
#include "core/secret.hpp"
#include "waybill/result.h"

namespace waybill::broker::rocketmq {

/// Where a proxy listens.
struct Address {
  std::string host;
  std::uint16_t port = 0;

  std::string text() const;  ///< `host:port`, IPv6 in brackets
  friend auto operator<=>(const Address&, const Address&) = default;
};

/// What the configuration says of a RocketMQ cluster. Source of `resource_namespace` and the login: the protocol's
/// resources and its metadata `authorization`.
struct Settings {
  std::vector<Address> proxies;  ///< at least one; each knows the whole cluster
  std::string access_key;        ///< empty: no login
  Secret secret_key;
  std::string resource_namespace;
  /// Routes name the address of each queue. Behind a tunnel or a load balancer these can't be reached from here: then
  /// everything goes to `proxies`.
  bool follow_routes = true;
  bool tls = false;
  bool insecure = false;
  std::string ca_file, cert_file, key_file;

  std::string names() const;  ///< of the proxies, without secrets
  /// For what listens there instead.
  Expected expected() const { return {"RocketMQ", tls ? "" : "rocketmqs", "a gRPC server"}; }
};

/// From `rocketmq://access-key:secret-key@host:port,host:port/namespace?routes=ignore`; `rocketmqs://` for TLS. Opens
/// no connection. Errors name the URL's part at fault.
Result<Settings> settings_of(const BrokerConfig& config);

}  // namespace waybill::broker::rocketmq
