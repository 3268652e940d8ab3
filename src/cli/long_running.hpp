#pragma once

/// \file
/// What commands share that run until somebody stops them.

#include <spdlog/spdlog.h>

#include <csignal>
#include <memory>
#include <string>

namespace waybill::cli {

/// SIGTERM and SIGINT, blocked in every thread and waited for in one: no handler runs anywhere.
class StopSignals {
 public:
  StopSignals();
  /// The signal that came, or 0 when none did within a tenth of a second.
  int wait_briefly() const;

 private:
  sigset_t set_{};
};

/// Log lines on stderr, with the time in UTC; threads may share it.
std::shared_ptr<spdlog::logger> make_logger(const std::string& name);

}  // namespace waybill::cli
