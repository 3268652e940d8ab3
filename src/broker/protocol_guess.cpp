#include "broker/protocol_guess.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "core/time.hpp"

namespace waybill::broker {
namespace {

constexpr Duration connect_limit = std::chrono::milliseconds{300};
constexpr Duration answer_limit = std::chrono::milliseconds{200};
/// Every server that is no Kafka answers this with words of its own, or hangs up.
constexpr std::string_view http_request = "GET / HTTP/1.0\r\n\r\n";
/// PostgreSQL answers it with one letter. Source: its manual, "Message Formats", SSLRequest.
constexpr std::string_view postgresql_request{"\0\0\0\x08\x04\xd2\x16\x2f", 8};

constexpr const char* tls_server = "a TLS server";

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool ready(short events, Duration limit) const {
    pollfd polled{fd_, events, 0};
    return ::poll(&polled, 1, Deadline::after(limit).poll_timeout()) == 1;
  }
  bool connect(const addrinfo& to) const {
    if (fd_ < 0) return false;
    if (::connect(fd_, to.ai_addr, to.ai_addrlen) == 0) return true;
    int error = 0;
    socklen_t size = sizeof error;
    return ready(POLLOUT, connect_limit) && ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }
  bool send(std::string_view text) const {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  std::string receive() const {
    std::array<char, 256> buffer{};
    if (!ready(POLLIN, answer_limit)) return {};
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string();
  }

 private:
  int fd_;
};

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses resolve(const std::string& servers) {
  const std::string first = servers.substr(0, servers.find(','));
  const auto colon = first.rfind(':');
  std::string host = first.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (colon == std::string::npos || ::getaddrinfo(host.c_str(), first.c_str() + colon + 1, &hints, &found) != 0) {
    found = nullptr;
  }
  return {found, &::freeaddrinfo};
}

/// What comes by itself, or else in answer to the question.
std::string ask(const addrinfo& at, std::string_view question) {
  const Socket socket(::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.connect(at)) return {};
  if (question == http_request) {
    if (auto greeting = socket.receive(); !greeting.empty()) return greeting;
  }
  return socket.send(question) ? socket.receive() : std::string();
}

}  // namespace

std::optional<std::string> protocol_of(const std::string& first_bytes) {
  using Known = std::pair<std::string_view, const char*>;
  constexpr Known by_beginning[] = {{"HTTP/", "an HTTP server"}, {"AMQP", "RabbitMQ"},      {"-ERR", "Redis"},
                                    {"-DENIED", "Redis"},        {"SSH-", "an SSH server"}, {"\x15\x03", tls_server}};
  for (const auto& [beginning, name] : by_beginning) {
    if (first_bytes.starts_with(beginning)) return name;
  }
  // A packet of MySQL: three bytes of length, number 0, protocol version 10.
  if (first_bytes.size() > 5 && first_bytes[3] == 0 && first_bytes[4] == 10) return "MySQL";
  // An HTTP/2 frame of type SETTINGS on stream 0.
  if (first_bytes.size() >= 9 && first_bytes[0] == 0 && first_bytes[3] == 4 &&
      first_bytes.substr(5, 4) == std::string(4, '\0')) {
    return "a gRPC server";
  }
  return std::nullopt;
}

std::optional<std::string> other_protocol_at(const std::string& servers) {
  const Addresses addresses = resolve(servers);
  if (!addresses) return std::nullopt;
  if (auto name = protocol_of(ask(*addresses, http_request))) return name;
  const std::string letter = ask(*addresses, postgresql_request);
  if (letter == "S" || letter == "N") return "PostgreSQL";
  return std::nullopt;
}

// The alerts 42 and 116, with which servers end a handshake that brought them no certificate.
std::string hint_at_certificate(std::string_view complaint, const std::string& cert_file) {
  const bool asks = complaint.find("alert bad certificate") != std::string_view::npos ||
                    complaint.find("certificate required") != std::string_view::npos;
  return asks && cert_file.empty() ? "; the broker asks for a client's certificate: set cert_file and key_file" : "";
}

std::string hint_at_another(const std::string& servers, const Expected& expected) {
  const auto other = other_protocol_at(servers);
  if (!other || *other == expected.kin) return {};
  if (*other != tls_server)
    return "; what listens there looks like " + *other + ", not like " + std::string{expected.name};
  if (expected.secure_scheme.empty()) return {};
  return "; what listens there speaks TLS: write the URL with " + std::string{expected.secure_scheme} + "://";
}

}  // namespace waybill::broker
