#pragma once

#include <string>

#include "core/time.hpp"

namespace waybill::cli {

/// Tells the supervisor (systemd) that started this process how it stands, by the protocol of sd_notify(3): datagrams
/// to the socket that $NOTIFY_SOCKET names. Without one nothing is said. Used by one thread; never blocks.
class Supervisor {
 public:
  /// Reads $NOTIFY_SOCKET and $WATCHDOG_USEC.
  Supervisor();
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  void ready();
  void reloading();
  void stopping();
  /// What `systemctl status` shows; said when it has changed, every few seconds at most.
  void status(const std::string& text);
  /// That the process still works: as often as the watchdog asks for.
  void alive();

 private:
  void say(const std::string& state) const;

  int socket_ = -1;
  Duration alive_interval_{0};  ///< 0: nobody asks
  MonoTime said_alive_at_{}, said_status_at_{};
  std::string status_;
};

}  // namespace waybill::cli
