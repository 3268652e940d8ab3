#pragma once

#include <string>
#include <variant>

#include "core/http_config.hpp"
#include "http/message.hpp"
#include "http/principal.hpp"

namespace waybill::http {

/// Who may ask. Thread-safe: it never changes.
class Access {
 public:
  explicit Access(const HttpConfig& config);

  /// The token's owner, or whom the proxy names. Without a token: on an address that only this host reaches, and while
  /// the configuration says of nobody who may ask, a reader who sees no payload; elsewhere somebody without any right.
  /// A wrong or expired token, or a `Host` that a browser would send for a page of somebody else, is an answer.
  std::variant<Principal, Response> identify(const Request& request) const;

 private:
  std::variant<Principal, Response> named_by_proxy(const Request& request) const;
  bool is_known_host(const std::string& host) const;

  const HttpConfig config_;
};

}  // namespace waybill::http
