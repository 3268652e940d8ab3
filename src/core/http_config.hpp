#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waybill {

/// What a token lets its holder do. Each may do what those before it may.
enum class Role {
  stats,    ///< figures, for machines: status, metrics, health in detail
  viewer,   ///< also sees messages: ids, topics, keys, answers of brokers
  operate,  ///< also changes them: `operator`
};

/// As the configuration file writes them: `stats`, `viewer`, `operator`.
std::string_view to_string(Role value) noexcept;

/// `[http.token.NAME]`
struct TokenConfig {
  std::string name;
  Role role = Role::viewer;
  std::string digest;     ///< SHA-256 of the token, 64 lower-case hex digits; the token itself is stored nowhere
  bool payloads = false;  ///< may see payloads; with the role `operator` unless the file says otherwise
};

/// `[http]`: where a relay answers people and machines.
struct HttpConfig {
  bool enabled = true;                ///< false: `listen = "off"`
  bool chosen = false;                ///< the file says where to listen: that it can't be had is an error
  std::string address = "127.0.0.1";  ///< an IP address
  std::uint16_t port = 7280;          ///< 0: any that is free
  std::vector<std::string> hosts;     ///< names, beside the address, by which browsers may ask for it
  std::string cert_file, key_file;    ///< PEM files; empty: no TLS
  bool insecure = false;              ///< no TLS though others can reach the address: something in front does it
  std::vector<TokenConfig> tokens;

  bool has_tls() const { return !cert_file.empty(); }
  /// Whether only this host can reach the address.
  bool is_loopback() const;
};

}  // namespace waybill
