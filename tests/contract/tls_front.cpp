#include "tls_front.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <csignal>
#include <cstdio>

namespace waybill::testing {

using broker::rabbitmq::Descriptor;

struct TlsFront::Tls {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());

  explicit Tls(const std::string& name) {
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    const bool address = std::isdigit(static_cast<unsigned char>(name.front())) != 0;
    const std::string alternative = (address ? "IP:" : "DNS:") + name;
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
  }
  ~Tls() {
    SSL_CTX_free(context);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;
};

TlsFront::TlsFront(std::uint16_t plain_port, const std::string& name)
    : plain_port_(plain_port),
      tls_(std::make_unique<Tls>(name)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  std::string file = ::testing::TempDir() + "waybill-ca-XXXXXX";
  const int fd = ::mkstemp(file.data());
  std::FILE* out = ::fdopen(fd, "w");
  PEM_write_X509(out, tls_->certificate);
  std::fclose(out);
  ca_file_ = file;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  if (::bind(listener_.get(), generic, length) == 0 && ::listen(listener_.get(), 8) == 0 &&
      ::getsockname(listener_.get(), generic, &length) == 0) {
    port_ = ntohs(address.sin_port);
  }
  thread_ = std::thread([this] { run(); });
}

TlsFront::~TlsFront() {
  stopping_ = true;
  thread_.join();
  ::unlink(ca_file_.c_str());
}

void TlsFront::run() {
  // OpenSSL's own sockets raise it when the client has gone.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  while (!stopping_) {
    pollfd polled{listener_.get(), POLLIN, 0};
    if (::poll(&polled, 1, 20) <= 0) continue;
    const Descriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client.get() >= 0) serve(client.get());
  }
}

void TlsFront::serve(int client) {
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(tls_->context), &SSL_free);
  SSL_set_fd(ssl.get(), client);
  if (SSL_accept(ssl.get()) != 1) return;
  if (stalling_) return leave_waiting(client);
  broker::rabbitmq::Endpoint plain;
  plain.host = "127.0.0.1";
  plain.port = plain_port_;
  auto server = broker::rabbitmq::connect_tcp(plain, Deadline::after(std::chrono::seconds{5}), {});
  if (!server) return;
  std::array<char, 16384> buffer{};
  while (!stopping_) {
    std::array<pollfd, 2> polled{pollfd{client, POLLIN, 0}, pollfd{server->get(), POLLIN, 0}};
    if (SSL_pending(ssl.get()) == 0 && ::poll(polled.data(), polled.size(), 20) <= 0) continue;
    if (SSL_pending(ssl.get()) > 0 || polled[0].revents != 0) {
      const int count = SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
      if (count <= 0) return;
      ::send(server->get(), buffer.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL);
    }
    if (polled[1].revents != 0) {
      const auto count = ::recv(server->get(), buffer.data(), buffer.size(), 0);
      if (count <= 0 || SSL_write(ssl.get(), buffer.data(), static_cast<int>(count)) <= 0) return;
    }
  }
}

void TlsFront::leave_waiting(int client) {
  const char begin_of_record = 0x17;
  ::send(client, &begin_of_record, 1, MSG_NOSIGNAL);
  has_stalled_ = true;
  std::array<char, 4096> ignored{};
  const Deadline deadline = Deadline::after(std::chrono::seconds{10});
  while (!stopping_ && !deadline.passed()) {
    pollfd polled{client, POLLIN, 0};
    if (::poll(&polled, 1, 20) > 0 && ::recv(client, ignored.data(), ignored.size(), 0) <= 0) return;
  }
}

}  // namespace waybill::testing
