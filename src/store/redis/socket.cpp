#include "store/redis/socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace waybill::redis {
namespace {

Error unreachable(std::string text) { return {ErrorCode::unreachable, std::move(text)}; }

std::string tls_words() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the server closed the connection";
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

void set_option(int descriptor, int level, int option, int value) {
  // Best effort: without it a vanished host is noticed later, by the deadlines of the calls.
  setsockopt(descriptor, level, option, &value, sizeof value);
}

void keep_alive(int descriptor) {
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 5);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 3);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, 12'000);
}

bool is_address(const std::string& host) {
  in6_addr any{};
  return inet_pton(AF_INET, host.c_str(), &any) == 1 || inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

Status load_certificates(SSL_CTX* context, const TlsOptions& tls) {
  const auto unreadable = [](const char* what, const std::string& file) {
    return Error{ErrorCode::invalid_configuration,
                 std::string{"can't use "} + what + " '" + file + "': " + tls_words()};
  };
  if (tls.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) != 1) {
    return unreadable("ca_file", tls.ca_file);
  }
  if (tls.cert_file.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, tls.cert_file.c_str()) != 1) {
    return unreadable("cert_file", tls.cert_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context, tls.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return unreadable("key_file", tls.key_file);
  }
  return {};
}

}  // namespace

Socket::Socket(Socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      context_(std::move(other.context_)),
      session_(std::move(other.session_)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(context_, other.context_);
  std::swap(session_, other.session_);
  return *this;
}

Socket::~Socket() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<Socket> Socket::connect(const std::string& host, std::uint16_t port, const TlsOptions& tls, Deadline deadline) {
  const auto where = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); failed != 0) {
    return unreachable("can't resolve " + host + ": " + gai_strerror(failed));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses{found, &freeaddrinfo};
  std::string why = "no address";
  for (const auto* address = found; address != nullptr; address = address->ai_next) {
    const int descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) continue;
    Socket made{descriptor};
    int failed = ::connect(descriptor, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (failed == EINPROGRESS) {
      socklen_t size = sizeof failed;
      if (!made.wait_for(POLLOUT, deadline)) {
        failed = ETIMEDOUT;
      } else {
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failed, &size);
      }
    }
    if (failed != 0) {
      why = std::strerror(failed);
      continue;
    }
    keep_alive(descriptor);
    if (!tls.on) return made;
    if (auto secured = made.start_tls(host, tls, deadline); !secured) {
      return Error{secured.error().code(), "can't reach " + where + " by TLS: " + secured.error().message()};
    }
    return made;
  }
  return unreachable("can't connect to " + where + ": " + why);
}

Status Socket::start_tls(const std::string& host, const TlsOptions& tls, Deadline deadline) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!context_) return Error{ErrorCode::internal, tls_words()};
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  if (auto loaded = load_certificates(context_.get(), tls); !loaded) return loaded;
  SSL_CTX_set_verify(context_.get(), tls.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  session_.reset(SSL_new(context_.get()));
  if (!session_) return Error{ErrorCode::internal, tls_words()};
  SSL_set_mode(session_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session_.get()), host.c_str());
  } else {
    // The macro for it casts as C does.
    auto name = host;
    SSL_ctrl(session_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    SSL_set1_host(session_.get(), host.c_str());
  }
  SSL_set_fd(session_.get(), descriptor_);
  while (true) {
    ERR_clear_error();
    const int result = SSL_connect(session_.get());
    if (result == 1) return {};
    const auto verified = SSL_get_verify_result(session_.get());
    if (verified != X509_V_OK && !tls.insecure) {
      return Error{ErrorCode::unauthorized,
                   std::string{"its certificate is refused: "} + X509_verify_cert_error_string(verified)};
    }
    if (auto waited = wait_for_tls(result, "can't agree on TLS", deadline); !waited) return waited;
  }
}

Status Socket::wait_for_tls(int result, std::string_view doing, Deadline deadline) {
  const auto lost = [&](const std::string& why) { return unreachable(std::string{doing} + ": " + why); };
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      if (wait_for(POLLIN, deadline)) return {};
      return Error{ErrorCode::timeout, std::string{doing} + ": no answer in time"};
    case SSL_ERROR_WANT_WRITE:
      if (wait_for(POLLOUT, deadline)) return {};
      return Error{ErrorCode::timeout, std::string{doing} + ": no answer in time"};
    default:
      return lost(tls_words());
  }
}

bool Socket::wait_for(short events, Deadline deadline) const {
  pollfd descriptor{descriptor_, events, 0};
  while (true) {
    const int ready = poll(&descriptor, 1, deadline.poll_timeout());
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

bool Socket::readable(Deadline deadline, int interrupt) const {
  if (session_ && SSL_pending(session_.get()) > 0) return true;
  pollfd descriptors[2] = {{descriptor_, POLLIN, 0}, {interrupt, POLLIN, 0}};
  while (true) {
    const int ready = poll(descriptors, interrupt < 0 ? 1 : 2, deadline.poll_timeout());
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0 && descriptors[0].revents != 0;
  }
}

Status Socket::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    if (session_) {
      ERR_clear_error();
      const int written =
          SSL_write(session_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1u << 20)));
      if (written > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(written));
      } else if (auto waited = wait_for_tls(written, "can't write", deadline); !waited) {
        return waited;
      }
      continue;
    }
    const auto written = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_for(POLLOUT, deadline)) return Error{ErrorCode::timeout, "the server takes no more bytes"};
    } else if (errno != EINTR) {
      return unreachable(std::string{"the connection is lost: "} + std::strerror(errno));
    }
  }
  return {};
}

Result<std::size_t> Socket::read(char* into, std::size_t size, Deadline deadline) {
  while (true) {
    if (session_) {
      ERR_clear_error();
      const int got = SSL_read(session_.get(), into, static_cast<int>(size));
      if (got > 0) return static_cast<std::size_t>(got);
      if (auto waited = wait_for_tls(got, "can't read", deadline); !waited) return waited.error();
      continue;
    }
    const auto got = recv(descriptor_, into, size, 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return unreachable("the server closed the connection");
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_for(POLLIN, deadline)) return Error{ErrorCode::timeout, "no answer in time"};
    } else if (errno != EINTR) {
      return unreachable(std::string{"the connection is lost: "} + std::strerror(errno));
    }
  }
}

}  // namespace waybill::redis
