#include "tcp_gate.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace waybill::testing {

using broker::rabbitmq::Descriptor;

TcpGate::TcpGate(std::string host, std::uint16_t port, std::uint16_t at)
    : host_(std::move(host)), server_port_(port), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(at);
  const int again = 1;  // a port that a gate has just left
  ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  if (::bind(listener_.get(), generic, length) == 0 && ::listen(listener_.get(), 8) == 0 &&
      ::getsockname(listener_.get(), generic, &length) == 0) {
    port_ = ntohs(address.sin_port);
  }
  thread_ = std::thread([this] { run(); });
}

TcpGate::~TcpGate() {
  stopping_ = true;
  wakeup_.signal();
  thread_.join();
}

void TcpGate::accept() {
  auto pair = std::make_unique<Pair>();
  pair->client = Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!open_) return;
  broker::rabbitmq::Endpoint server;
  server.host = host_;
  server.port = server_port_;
  auto connected = broker::rabbitmq::connect_tcp(server, Deadline::after(std::chrono::seconds{5}), {});
  if (!connected) return;
  pair->server = std::move(*connected);
  pairs_.push_back(std::move(pair));
}

void TcpGate::move(Pair& pair, Flow& flow, int from, int to, bool readable) const {
  std::array<char, 65536> buffer{};
  const bool held = flow.from_server && hold_;
  if (readable && !held) {
    const auto count = ::recv(from, buffer.data(), buffer.size(), 0);
    if (count == 0 || (count < 0 && errno != EAGAIN)) pair.broken = true;
    if (count > 0) flow.waiting.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (flow.waiting.empty()) return;
  const auto count = ::send(to, flow.waiting.data(), flow.waiting.size(), MSG_NOSIGNAL);
  if (count > 0) flow.waiting.erase(0, static_cast<std::size_t>(count));
  if (count < 0 && errno != EAGAIN) pair.broken = true;
}

void TcpGate::run() {
  constexpr std::size_t full = 1U << 20;
  while (!stopping_) {
    std::vector<pollfd> polled{{wakeup_.fd(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const auto& pair : pairs_) {
      const auto events = [&](const Flow& in, const Flow& out) {
        const bool wants = in.waiting.size() < full && !(in.from_server && hold_);
        return static_cast<short>((wants ? POLLIN : 0) | (out.waiting.empty() ? 0 : POLLOUT));
      };
      polled.push_back({pair->client.get(), events(pair->up, pair->down), 0});
      polled.push_back({pair->server.get(), events(pair->down, pair->up), 0});
    }
    ::poll(polled.data(), polled.size(), 1000);
    wakeup_.clear();
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      Pair& pair = *pairs_[i];
      const auto ready = [&](std::size_t at) { return (polled[at].revents & (POLLIN | POLLHUP | POLLERR)) != 0; };
      move(pair, pair.up, pair.client.get(), pair.server.get(), ready(2 + 2 * i));
      move(pair, pair.down, pair.server.get(), pair.client.get(), ready(3 + 2 * i));
    }
    if (std::exchange(cuts_seen_, cuts_) != cuts_seen_) pairs_.clear();
    std::erase_if(pairs_, [](const auto& pair) { return pair->broken; });
    if (polled[1].revents != 0) accept();
  }
}

}  // namespace waybill::testing
