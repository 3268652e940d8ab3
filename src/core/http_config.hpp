#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waybill {

/// What somebody may do. Each may do what those before it may.
enum class Role {
  stats,    ///< figures, for machines: status, metrics, health in detail
  viewer,   ///< also sees messages: ids, topics, keys, answers of brokers
  operate,  ///< also changes them: `operator`
};

/// As the configuration file writes them: `stats`, `viewer`, `operator`.
std::string_view to_string(Role value) noexcept;

/// What an operator does.
enum class Act {
  resend,
  drop,  ///< and restore
  edit,
  pause,  ///< and resume
};
inline constexpr std::array every_act{Act::resend, Act::drop, Act::edit, Act::pause};

/// As the configuration file writes them.
std::string_view to_string(Act value) noexcept;

/// What the configuration lets somebody see and do.
struct Grant {
  Role role = Role::viewer;
  bool payloads = false;            ///< may see payloads; with the role `operator` unless the file says otherwise
  std::vector<std::string> topics;  ///< globs of the messages that it is about; empty: all
  std::vector<Act> may;             ///< all of them with the role `operator`, unless the file names some
  std::optional<std::int64_t> expires_ms;  ///< Unix ms; from then on it grants nothing
  bool unmasked = false;                   ///< with payloads: sees them without masks
};

/// `[http.token.NAME]`
struct TokenConfig {
  std::string name;
  std::string digest;  ///< SHA-256 of the token, 64 lower-case hex digits; the token itself is stored nowhere
  Grant grant;
};

/// `[http.proxy]`: something in front that has asked people who they are, and says it in headers.
struct ProxyConfig {
  std::string digest;         ///< of the token by which it is known
  std::string user_header;    ///< lower case
  std::string groups_header;  ///< lower case; empty: it tells no groups
};

/// `[http.user.NAME]`, `[http.group.NAME]`
struct MemberConfig {
  std::string name;  ///< as the proxy writes it
  Grant grant;
};

/// `[http]`: where a relay answers people and machines.
struct HttpConfig {
  bool enabled = true;                    ///< false: `listen = "off"`
  bool chosen = false;                    ///< the file says where to listen: that it can't be had is an error
  std::string address = "127.0.0.1";      ///< an IP address
  std::uint16_t port = 7280;              ///< 0: any that is free
  std::vector<std::string> hosts;         ///< names, beside the address, by which browsers may ask for it
  std::string cert_file, key_file;        ///< PEM files; empty: no TLS
  bool insecure = false;                  ///< no TLS though others can reach the address: something in front does it
  std::vector<std::string> mask;          ///< globs of the payloads' members that are not shown
  std::vector<std::string> mask_headers;  ///< globs of headers whose values are not shown
  std::vector<TokenConfig> tokens;
  std::optional<ProxyConfig> proxy;
  std::vector<MemberConfig> users, groups;

  bool has_tls() const { return !cert_file.empty(); }
  /// Whether only this host can reach the address.
  bool is_loopback() const;
  /// Whether the configuration says who may ask: then nobody else may.
  bool knows_who_asks() const { return !tokens.empty() || proxy; }
  bool has_masks() const { return !mask.empty() || !mask_headers.empty(); }
};

}  // namespace waybill
