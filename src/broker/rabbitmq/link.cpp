#include "broker/rabbitmq/link.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "broker/rabbitmq/reader.hpp"

namespace waybill::broker::rabbitmq {

Link::Link(std::unique_ptr<Transport> transport)
    : transport_(std::move(transport)), heard_(std::chrono::steady_clock::now()), spoke_(heard_) {}

Status Link::flush() {
  while (true) {
    const std::string_view pending = out_.pending();
    if (pending.empty()) return {};
    const auto moved = transport_->write(pending.data(), pending.size());
    if (moved.closed) return Error(ErrorCode::unreachable, transport_->error());
    if (moved.bytes == 0) return {};
    out_.written(moved.bytes);
    spoke_ = std::chrono::steady_clock::now();
  }
}

Status Link::fill() {
  const auto room = in_.room();
  const auto moved = transport_->read(room.data(), room.size());
  if (moved.closed) return Error(ErrorCode::unreachable, transport_->error());
  if (moved.bytes == 0) return {};
  in_.added(moved.bytes);
  heard_ = std::chrono::steady_clock::now();
  return {};
}

Result<bool> Link::next(Frame& frame) {
  while (true) {
    switch (in_.next(frame)) {
      case FrameReader::Found::need_more:
        return false;
      case FrameReader::Found::malformed:
        return Error(ErrorCode::corrupt, "the broker sent a malformed or oversized frame");
      case FrameReader::Found::frame:
        break;
    }
    if (frame.type != AMQP_FRAME_HEARTBEAT) return true;
  }
}

void Link::set_heartbeat(Duration interval) {
  heartbeat_ = interval;
  heard_ = spoke_ = std::chrono::steady_clock::now();
}

Status Link::keep_alive(MonoTime now) {
  if (heartbeat_ == Duration::zero()) return {};
  if (now - heard_ > 2 * heartbeat_) {
    return Error(ErrorCode::unreachable, "the broker sent nothing for two heartbeats");
  }
  // With output waiting the socket is full: a heartbeat behind it would tell nobody anything.
  if (now - spoke_ < heartbeat_ / 2 || !out_.pending().empty()) return {};
  out_.heartbeat();
  return flush();
}

void Link::wait(int interrupt_fd, Deadline deadline) {
  if (transport_->has_input()) return;
  MonoTime until = deadline.at();
  if (heartbeat_ != Duration::zero()) {
    until = std::min(until, heard_ + 2 * heartbeat_);
    if (out_.pending().empty()) until = std::min(until, spoke_ + heartbeat_ / 2);
  }
  const short events = transport_->events(!out_.pending().empty());
  std::array<pollfd, 2> polled{pollfd{transport_->fd(), events, 0}, pollfd{interrupt_fd, POLLIN, 0}};
  ::poll(polled.data(), polled.size(), Deadline(until).poll_timeout());
}

CloseReason read_close(std::string_view arguments) {
  Reader reader(arguments);
  CloseReason reason;
  reason.code = reader.u16();
  reason.text = reader.short_string();
  reason.method = reader.u32();
  return reason;
}

}  // namespace waybill::broker::rabbitmq
