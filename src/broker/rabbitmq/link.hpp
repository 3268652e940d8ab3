#pragma once

#include <memory>
#include <string>

#include "broker/rabbitmq/endpoint.hpp"
#include "broker/rabbitmq/frame.hpp"
#include "broker/rabbitmq/transport.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::broker::rabbitmq {

/// One connection: frames in, frames out, heartbeats. Knows nothing of channels. Used by one thread. Nothing here
/// blocks except wait().
class Link {
 public:
  explicit Link(std::unique_ptr<Transport> transport);

  FrameWriter& out() { return out_; }

  /// Writes as much as the socket takes now.
  Status flush();
  /// Reads what the socket has, at most one buffer full. Frames read earlier become invalid.
  Status fill();
  /// The next frame that has been read. Heartbeats are swallowed. False: none; true or an error: as it says.
  Result<bool> next(Frame& frame);

  /// Sends a heartbeat when one is due; an error when the other side has been silent for two of its own.
  Status keep_alive(MonoTime now);
  void set_heartbeat(Duration interval);

  /// Blocks until the socket, or `interrupt_fd`, is ready, a heartbeat is due, or the deadline has passed.
  void wait(int interrupt_fd, Deadline deadline);
  const Transport& transport() const { return *transport_; }

 private:
  std::unique_ptr<Transport> transport_;
  FrameReader in_;
  FrameWriter out_;
  Duration heartbeat_{0};  ///< 0: none
  MonoTime heard_, spoke_;
};

/// Connects and logs in, ready for channels. Blocks until the deadline at most.
/// Errors: unreachable, timeout, unauthorized (password, virtual host, certificate), invalid_configuration.
Result<std::unique_ptr<Link>> open_link(const Endpoint& endpoint, Deadline deadline, const Interrupt& interrupt,
                                        const std::string& purpose);

/// Says `connection.close` and waits for the answer until the deadline. For a connection that is no longer needed.
void close_link(Link& link, Deadline deadline);

/// What `connection.close` and `channel.close` carry.
struct CloseReason {
  std::uint16_t code = 0;
  std::string text;  ///< for example `NOT_FOUND - no exchange 'x' in vhost '/'`
  std::uint32_t method = 0;

  std::string words() const { return std::to_string(code) + " " + text; }
};
CloseReason read_close(std::string_view arguments);

}  // namespace waybill::broker::rabbitmq
