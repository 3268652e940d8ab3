#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <climits>
#include <memory>
#include <utility>

#include "broker/rabbitmq/transport.hpp"

namespace waybill::broker::rabbitmq {
namespace {

struct Freed {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Context = std::unique_ptr<SSL_CTX, Freed>;
using Connection = std::unique_ptr<SSL, Freed>;

std::string last_words() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "the connection was closed";
}

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL, so a broker that hangs up could kill the service by SIGPIPE.
int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int bio_write(BIO* bio, const char* from, int count) {
  BIO_clear_retry_flags(bio);
  const auto moved = ::send(socket_of(bio), from, static_cast<std::size_t>(count), MSG_NOSIGNAL);
  if (moved < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(moved);
}

int bio_read(BIO* bio, char* to, int room) {
  BIO_clear_retry_flags(bio);
  const auto moved = ::recv(socket_of(bio), to, static_cast<std::size_t>(room), 0);
  if (moved < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(moved);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* quiet_socket() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "quiet socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

Status load_files(SSL_CTX* context, const Endpoint& endpoint) {
  const auto unreadable = [](const std::string& file) {
    return Error(ErrorCode::invalid_configuration, "TLS file '" + file + "': " + last_words());
  };
  if (!endpoint.ca_file.empty()) {
    if (SSL_CTX_load_verify_file(context, endpoint.ca_file.c_str()) != 1) return unreadable(endpoint.ca_file);
  } else {
    SSL_CTX_set_default_verify_paths(context);
  }
  if (endpoint.cert_file.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, endpoint.cert_file.c_str()) != 1) {
    return unreadable(endpoint.cert_file);
  }
  const std::string& key = endpoint.key_file.empty() ? endpoint.cert_file : endpoint.key_file;
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) return unreadable(key);
  return {};
}

/// The certificate must be for this host, by name or by address.
void expect_host(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1) return;
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  SSL_set1_host(ssl, host.c_str());
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(host.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

class TlsTransport final : public Transport {
 public:
  TlsTransport(Descriptor socket, Context context, Connection ssl)
      : socket_(std::move(socket)), context_(std::move(context)), ssl_(std::move(ssl)) {}

  Moved read(char* to, std::size_t room) override {
    std::size_t count = 0;
    ERR_clear_error();  // what another user of OpenSSL left on this thread is not ours
    const int result = SSL_read_ex(ssl_.get(), to, room, &count);
    return moved(result, count);
  }
  Moved write(const char* from, std::size_t count) override {
    std::size_t taken = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), from, count, &taken);
    return moved(result, taken);
  }
  int fd() const override { return socket_.get(); }
  short events(bool has_output) const override {
    const bool output = has_output || SSL_want_write(ssl_.get());
    return static_cast<short>(output ? POLLIN | POLLOUT : POLLIN);
  }
  // Not SSL_has_pending: it counts the beginning of a record too, which nobody can read yet. Without read-ahead (off
  // unless asked for) OpenSSL takes one record at a time, so whole records wait in the socket, where poll sees them.
  bool has_input() const override { return SSL_pending(ssl_.get()) > 0; }
  const std::string& error() const override { return error_; }

 private:
  Moved moved(int result, std::size_t count) {
    if (result == 1) return {count, false};
    const int kind = SSL_get_error(ssl_.get(), result);
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) return {};
    error_ = kind == SSL_ERROR_ZERO_RETURN ? "the broker closed the TLS session" : "TLS: " + last_words();
    ERR_clear_error();
    return {0, true};
  }

  Descriptor socket_;
  Context context_;
  Connection ssl_;
  std::string error_;
};

Error handshake_error(SSL* ssl, const Endpoint& endpoint) {
  const long verdict = SSL_get_verify_result(ssl);
  if (!endpoint.insecure && verdict != X509_V_OK) {
    ERR_clear_error();
    return {ErrorCode::unauthorized, endpoint.name() +
                                         ": certificate refused: " + X509_verify_cert_error_string(verdict) +
                                         "; give the right authority by ca_file"};
  }
  return {ErrorCode::unreachable, endpoint.name() + ": TLS handshake failed: " + last_words()};
}

}  // namespace

Result<std::unique_ptr<Transport>> start_tls(Descriptor socket, const Endpoint& endpoint, Deadline deadline,
                                             const Interrupt& interrupt) {
  Context context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context.get(), endpoint.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (auto loaded = load_files(context.get(), endpoint); !loaded) return std::move(loaded).error();
  Connection ssl(SSL_new(context.get()));
  BIO* bio = BIO_new(quiet_socket());
  BIO_set_data(bio,
               reinterpret_cast<void*>(static_cast<std::intptr_t>(socket.get())));  // NOLINT(performance-no-int-to-ptr)
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl.get(), bio, bio);
  expect_host(ssl.get(), endpoint.host);
  while (true) {
    const int result = SSL_connect(ssl.get());
    if (result == 1) break;
    const int kind = SSL_get_error(ssl.get(), result);
    if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE) return handshake_error(ssl.get(), endpoint);
    const short events = kind == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    if (!await_ready(socket.get(), events, deadline, interrupt)) {
      return Error(ErrorCode::timeout, endpoint.name() + ": the TLS handshake got no answer");
    }
  }
  return std::unique_ptr<Transport>(
      std::make_unique<TlsTransport>(std::move(socket), std::move(context), std::move(ssl)));
}

}  // namespace waybill::broker::rabbitmq
