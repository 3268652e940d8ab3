#pragma once

/// \file
/// What commands share that run until somebody stops them.

#include <csignal>
#include <memory>
#include <string>
#include <string_view>

#include "admin/json.hpp"
#include "core/config.hpp"

namespace spdlog {
class logger;
}

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

/// Log lines on stderr, with the time in UTC. As JSON a line is an object: `at`, `level`, `from` (the command), `text`,
/// and what else is known of the event. All functions are thread-safe.
class Journal {
 public:
  explicit Journal(std::string from, LogFormat format = LogFormat::text);

  /// `level`: `info`, `warn` or `error`. What is not printable in the text is escaped. `fields` are for JSON alone.
  void write(std::string_view level, std::string_view text, const admin::Json& fields = admin::Json::object()) const;
  void info(std::string_view text) const { write("info", text); }

 private:
  std::string from_;
  LogFormat format_;
  std::shared_ptr<spdlog::logger> lines_;
};

}  // namespace waybill::cli
