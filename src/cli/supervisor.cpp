#include "cli/supervisor.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace waybill::cli {
namespace {

constexpr Duration between_statuses = std::chrono::seconds{5};

MonoTime now() { return std::chrono::steady_clock::now(); }

/// A connected datagram socket, or -1. A name that begins with @ is one without a file.
int connect_to(const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto length = std::strlen(name);
  if (length < 2 || length >= sizeof address.sun_path) return -1;
  std::memcpy(address.sun_path, name, length);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return -1;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0) return socket;
  close(socket);
  return -1;
}

std::string monotonic_us() {
  timespec at{};
  clock_gettime(CLOCK_MONOTONIC, &at);
  return std::to_string(std::int64_t{at.tv_sec} * 1'000'000 + at.tv_nsec / 1000);
}

}  // namespace

Supervisor::Supervisor() {
  if (const char* name = std::getenv("NOTIFY_SOCKET")) socket_ = connect_to(name);
  const char* watchdog = std::getenv("WATCHDOG_USEC");
  // Twice as often as needed, as sd_watchdog_enabled(3) advises.
  if (socket_ >= 0 && watchdog != nullptr) alive_interval_ = std::chrono::microseconds{std::atoll(watchdog) / 2};
}

Supervisor::~Supervisor() {
  if (socket_ >= 0) close(socket_);
}

void Supervisor::ready() { say("READY=1"); }
void Supervisor::reloading() { say("RELOADING=1\nMONOTONIC_USEC=" + monotonic_us()); }
void Supervisor::stopping() { say("STOPPING=1"); }

void Supervisor::status(const std::string& text) {
  if (text == status_ || now() - said_status_at_ < between_statuses) return;
  status_ = text;
  said_status_at_ = now();
  say("STATUS=" + text);
}

void Supervisor::alive() {
  if (alive_interval_ == Duration{0} || now() - said_alive_at_ < alive_interval_) return;
  said_alive_at_ = now();
  say("WATCHDOG=1");
}

// Who does not listen need not know.
void Supervisor::say(const std::string& state) const {
  if (socket_ >= 0) [[maybe_unused]]
    const auto sent = send(socket_, state.data(), state.size(), MSG_NOSIGNAL);
}

}  // namespace waybill::cli
