#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "broker/rabbitmq/transport.hpp"

namespace waybill::testing {

/// A TLS server with a certificate of its own making that hands what it decrypts to a plain server.
class TlsFront {
 public:
  /// `name` is what the certificate is for: a DNS name, or `127.0.0.1`.
  TlsFront(std::uint16_t plain_port, const std::string& name);
  ~TlsFront();

  /// From the next connection on: after the handshake one byte of a record, then silence, for ten seconds at most.
  void stall() { stalling_ = true; }
  bool has_stalled() const { return has_stalled_; }

  std::uint16_t port() const { return port_; }
  /// The certificate, which is its own authority, as a PEM file.
  const std::string& ca_file() const { return ca_file_; }

 private:
  struct Tls;
  void run();
  void serve(int client);
  void leave_waiting(int client);

  std::uint16_t plain_port_;
  std::unique_ptr<Tls> tls_;
  std::string ca_file_;
  broker::rabbitmq::Descriptor listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false}, stalling_{false}, has_stalled_{false};
  std::thread thread_;
};

}  // namespace waybill::testing
