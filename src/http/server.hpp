#pragma once

#include <cstdint>
#include <memory>

#include "core/http_config.hpp"
#include "http/router.hpp"
#include "waybill/relay.h"
#include "waybill/result.h"

namespace waybill::http {

/// Listens, and lets a router answer: HTTP/1.1, with TLS by configuration.
///
/// Whatever its peers do, it takes bounded memory and never waits for one of them: a request has 10 s to arrive as a
/// whole, 16 KiB of headers and 1 MiB of body; 1,100 connections may be open, and what waits for a database waits in
/// its own queue, so that /livez is answered while no store is. Functions are thread-safe.
class Server {
 public:
  /// Errors: `invalid_configuration` when the address can't be had or a PEM file can't be used. Gives the running
  /// server; it ends with the object, which waits for the answers that are being made.
  static Result<std::unique_ptr<Server>> start(const HttpConfig& config, std::shared_ptr<const Router> router,
                                               LogSink log);

  virtual ~Server() = default;

  /// Where it listens: the configured port, or the one it was given for 0.
  virtual std::uint16_t port() const = 0;

  /// From now on this router answers.
  virtual void replace(std::shared_ptr<const Router> router) = 0;
};

}  // namespace waybill::http
