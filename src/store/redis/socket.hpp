#pragma once

/// \file
/// A byte stream to a server, plain or by TLS, with deadlines. Debian's hiredis has no TLS, so its formatter and reader
/// work on this. Used by one thread at a time.

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::redis {

/// How the other side is proved to be who it should be.
struct TlsOptions {
  bool on = false;
  std::string ca_file, cert_file, key_file;  ///< PEM; empty: the system's CA store, no client certificate
  bool insecure = false;                     ///< takes any certificate
};

class Socket {
 public:
  /// Connects, with Nagle's algorithm off and keepalives such that a vanished host is noticed within 15 s. Errors:
  /// `unreachable`, `unauthorized` (the certificate), `invalid_configuration` (an unreadable PEM file).
  static Result<Socket> connect(const std::string& host, std::uint16_t port, const TlsOptions& tls, Deadline deadline);

  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  /// All of it, or an error: `unreachable`, `timeout`.
  Status write(std::string_view bytes, Deadline deadline);
  /// At least one byte; gives how many.
  Result<std::size_t> read(char* into, std::size_t size, Deadline deadline);
  /// True when a read would not block, false when `interrupt` (negative: none) became readable or the time was over.
  bool readable(Deadline deadline, int interrupt) const;

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  struct FreeSession {
    void operator()(SSL* session) const { SSL_free(session); }
  };

  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Status start_tls(const std::string& host, const TlsOptions& tls, Deadline deadline);
  /// Waits until a TLS call can go on, or gives the error that ended it.
  Status wait_for_tls(int result, std::string_view doing, Deadline deadline);
  bool wait_for(short events, Deadline deadline) const;

  int descriptor_ = -1;
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::unique_ptr<SSL, FreeSession> session_;
};

}  // namespace waybill::redis
