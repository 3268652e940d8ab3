#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/http_config.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::http {

/// Whom a request goes to.
struct Peer {
  std::string host;  ///< a name or an IP address
  std::uint16_t port = 0;
  bool tls = false;
  std::string ca_file;     ///< PEM, with TLS; empty: what the system trusts
  bool named_host = true;  ///< with TLS: the certificate must be for `host`
};

struct ClientRequest {
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body, content_type;  ///< with a content type it is a POST, else a GET
};

struct ClientAnswer {
  unsigned status = 0;
  std::string body;
};

/// Asks once, on a connection of its own. Blocks for `patience` at most, but for the look-up of a name, which takes
/// what the system's resolver takes. Errors: `unreachable`; `invalid_configuration` for a `ca_file` that can't be used.
Result<ClientAnswer> ask(const Peer& peer, const ClientRequest& request, Duration patience);

/// What the relay of this configuration, on this host, answers to a GET. Blocks for `patience` at most. Over TLS the
/// relay must show the certificate of the configuration itself. Errors: `unreachable`; for an answer that is no 200
/// what its status means, with the server's words.
Result<std::string> get(const HttpConfig& relay, const std::string& target, const std::string& token,
                        Duration patience);

}  // namespace waybill::http
