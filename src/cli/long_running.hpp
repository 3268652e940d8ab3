#pragma once

/// \file
/// What commands share that run until somebody stops them.

#include <spdlog/spdlog.h>

#include <csignal>
#include <memory>
#include <string>

#include "core/config.hpp"

namespace waybill::cli {

/// SIGTERM and SIGINT, and SIGHUP for those who can reload, blocked in every thread and waited for in one: no handler
/// runs anywhere.
class StopSignals {
 public:
  explicit StopSignals(bool with_reload = false);
  /// The signal that came, or 0 when none did within a tenth of a second.
  int wait_briefly() const;
  /// The signal that came, or 0; does not wait.
  int pending() const;

 private:
  sigset_t set_{};
};

/// As many descriptors as the system lets this process have, up to some thousands: a relay has connections to stores
/// and brokers, and to those who watch it.
void raise_descriptor_limit();

/// Log lines on stderr, with the time in UTC; threads may share it. As JSON a line is an object: `at`, `level`, `from`
/// (the command), `text`.
std::shared_ptr<spdlog::logger> make_logger(const std::string& name, LogFormat format = LogFormat::text);

}  // namespace waybill::cli
