#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "broker/rabbitmq/resolve.hpp"
#include "broker/rabbitmq/transport.hpp"

namespace waybill::broker::rabbitmq {
namespace {

std::string words(int error) { return std::generic_category().message(error); }

class TcpTransport final : public Transport {
 public:
  explicit TcpTransport(Descriptor socket) : socket_(std::move(socket)) {}

  Moved read(char* to, std::size_t room) override { return moved(::recv(socket_.get(), to, room, 0), true); }
  Moved write(const char* from, std::size_t count) override {
    return moved(::send(socket_.get(), from, count, MSG_NOSIGNAL), false);
  }
  int fd() const override { return socket_.get(); }
  short events(bool has_output) const override { return static_cast<short>(has_output ? POLLIN | POLLOUT : POLLIN); }
  const std::string& error() const override { return error_; }

 private:
  Moved moved(ssize_t count, bool reading) {
    if (count > 0) return {static_cast<std::size_t>(count), false};
    if (count == 0 && reading) {
      error_ = "the broker closed the socket";
      return {0, true};
    }
    if (count == 0 || errno == EAGAIN || errno == EINTR) return {};
    error_ = words(errno);
    return {0, true};
  }

  Descriptor socket_;
  std::string error_;
};

Result<Descriptor> connect_to(const Address& address, const std::string& name, Deadline deadline,
                              const Interrupt& interrupt) {
  Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return Error(ErrorCode::unreachable, name + ": " + words(errno));
  const int on = 1;
  // Every write is a whole burst already: waiting for more would only add delay.
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* target = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(socket.get(), target, address.length) == 0) return socket;
  if (errno != EINPROGRESS) return Error(ErrorCode::unreachable, name + ": " + words(errno));
  if (!await_ready(socket.get(), POLLOUT, deadline, interrupt)) {
    return Error(ErrorCode::timeout, name + ": no answer to the attempt to connect");
  }
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return Error(ErrorCode::unreachable, name + ": " + words(error));
  return socket;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() noexcept { return std::exchange(fd_, -1); }

bool gave_up(Deadline deadline, const Interrupt& interrupt) {
  if (deadline.passed()) return true;
  pollfd polled{interrupt.fd, POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0 && !interrupt.woken();
}

bool await_ready(int fd, short events, Deadline deadline, const Interrupt& interrupt) {
  std::array<pollfd, 2> polled{pollfd{fd, events, 0}, pollfd{interrupt.fd, POLLIN, 0}};
  // Also when it is always ready: a peer that never stops talking must not outlast the deadline.
  while (!deadline.passed()) {
    const int count = ::poll(polled.data(), polled.size(), deadline.poll_timeout());
    if (count > 0 && polled[1].revents != 0 && !interrupt.woken()) return false;
    if (count > 0 && polled[0].revents != 0) return true;
  }
  return false;
}

Result<Descriptor> connect_any(const std::vector<Address>& addresses, const std::string& name, Deadline deadline,
                               const Interrupt& interrupt) {
  Error last(ErrorCode::unreachable, name + ": the host has no address");
  auto left = static_cast<Duration::rep>(addresses.size());
  for (const Address& address : addresses) {
    const MonoTime now = std::chrono::steady_clock::now();
    const Deadline share{now + (deadline.at() - now) / left--};
    auto socket = connect_to(address, name, share, interrupt);
    if (socket) return socket;
    last = std::move(socket).error();
    // Its descriptor may have been read empty by now: only the answer tells.
    if (deadline.passed() || (interrupt.woken && !interrupt.woken())) break;
  }
  return last;
}

Result<Descriptor> connect_tcp(const Endpoint& endpoint, Deadline deadline, const Interrupt& interrupt) {
  auto addresses = resolve(endpoint.host, endpoint.port, deadline, interrupt);
  if (!addresses) return std::move(addresses).error();
  return connect_any(*addresses, endpoint.name(), deadline, interrupt);
}

Result<std::unique_ptr<Transport>> dial(const Endpoint& endpoint, Deadline deadline, const Interrupt& interrupt) {
  auto socket = connect_tcp(endpoint, deadline, interrupt);
  if (!socket) return std::move(socket).error();
  if (endpoint.tls) return start_tls(std::move(*socket), endpoint, deadline, interrupt);
  return std::unique_ptr<Transport>(std::make_unique<TcpTransport>(std::move(*socket)));
}

}  // namespace waybill::broker::rabbitmq
