#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/http_config.hpp"
#include "http/message.hpp"

namespace waybill::http {

/// Who asks.
struct Principal {
  std::string name;          ///< the token's, or `anonymous`
  std::optional<Role> role;  ///< none: only what is open to everybody
  bool sees_payloads = false;
};

/// Who may ask. Thread-safe: it never changes.
class Access {
 public:
  explicit Access(const HttpConfig& config);

  /// The token's owner. Without a token: on an address that only this host reaches, and while no token is configured, a
  /// reader who sees no payload; elsewhere somebody without any right. A wrong token, or a `Host` that a browser would
  /// send for a page of somebody else, is an answer.
  std::variant<Principal, Response> identify(const Request& request) const;

 private:
  bool is_known_host(const std::string& host) const;

  const HttpConfig config_;
};

}  // namespace waybill::http
