#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "broker/rabbitmq/endpoint.hpp"
#include "broker/rabbitmq/interrupt.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::broker::rabbitmq {

struct Address;

/// A connected stream of bytes that never blocks. Used by one thread.
class Transport {
 public:
  struct Moved {
    std::size_t bytes = 0;  ///< 0 and not closed: try again when poll says so
    bool closed = false;    ///< the stream has ended; error() says why
  };

  virtual ~Transport() = default;
  virtual Moved read(char* to, std::size_t room) = 0;
  virtual Moved write(const char* from, std::size_t count) = 0;
  virtual int fd() const = 0;
  /// What poll(2) is to wait for: input always, output when the caller has something to write.
  virtual short events(bool has_output) const = 0;
  /// Input that poll(2) can't see because it was read already.
  virtual bool has_input() const { return false; }
  virtual const std::string& error() const = 0;
};

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const noexcept { return fd_; }
  int release() noexcept;

 private:
  int fd_;
};

/// The deadline has passed or the interrupt gave up. Does not block.
bool gave_up(Deadline deadline, const Interrupt& interrupt);

/// Blocks until `fd` is ready for `events`. False: the deadline passed or the interrupt gave up.
bool await_ready(int fd, short events, Deadline deadline, const Interrupt& interrupt);

/// Finds the host, connects, and for `amqps` shakes hands and checks the certificate. Blocks until the deadline.
/// Errors: unreachable, timeout, unauthorized (certificate), invalid_configuration (a PEM file can't be read).
Result<std::unique_ptr<Transport>> dial(const Endpoint& endpoint, Deadline deadline, const Interrupt& interrupt);

/// Connects to the first of a host's addresses that takes it. Each gets an equal share of the time that is left, so one
/// that never answers does not keep the others from being tried. `name` is for the error's words.
Result<Descriptor> connect_any(const std::vector<Address>& addresses, const std::string& name, Deadline deadline,
                               const Interrupt& interrupt);

/// The parts of dial().
Result<Descriptor> connect_tcp(const Endpoint& endpoint, Deadline deadline, const Interrupt& interrupt);
Result<std::unique_ptr<Transport>> start_tls(Descriptor socket, const Endpoint& endpoint, Deadline deadline,
                                             const Interrupt& interrupt);

}  // namespace waybill::broker::rabbitmq
