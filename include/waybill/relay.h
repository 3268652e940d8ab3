#pragma once

/// \file
/// Runs the relay inside a service's own process. Compiles as C++17, 20 and 23. Link `waybill::relay`.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "waybill/result.h"

namespace waybill {

/// Called by the relay's threads for every line it would log. Must not block.
using LogSink = std::function<void(std::string_view level, std::string_view text)>;

/// A running relay: moves messages from the configured stores to the configured brokers. All functions are thread-safe.
class Relay {
 public:
  /// Reads the configuration and starts the threads. Fails on a bad configuration, missing tables or tables of another
  /// version; a store or broker that can't be reached is no error, the relay keeps trying.
  static Result<std::unique_ptr<Relay>> start(const std::string& config_file, LogSink log = {});

  virtual ~Relay() = default;  ///< stops without waiting for open confirms: safe, they are sent again (flagged)

  /// Stops fetching, waits for open confirms up to `limit`, settles. True when nothing was left in doubt.
  virtual bool stop(std::chrono::milliseconds limit) = 0;

  /// True when nothing is left to send: outbox and due retries are empty and everything is settled.
  virtual bool drained() const = 0;
};

}  // namespace waybill
