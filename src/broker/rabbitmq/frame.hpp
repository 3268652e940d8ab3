#pragma once

/// \file
/// AMQP 0-9-1 frames: type (1 byte), channel (2), size (4), payload, the end mark 0xCE. rabbitmq-c encodes what we
/// send; what a broker sends is read by Reader and never by rabbitmq-c (docs/decisions/0030).

#include <amqp.h>
#include <amqp_framing.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::broker::rabbitmq {

/// What we offer and, without an answer of the broker's, keep to; also the bound of memory per received frame.
inline constexpr std::uint32_t default_frame_max = 131072;
inline constexpr std::size_t frame_overhead = 8;

struct Frame {
  std::uint8_t type = 0;
  std::uint16_t channel = 0;
  std::string_view payload;  ///< valid until the FrameReader reads again
};

/// Cuts a stream of bytes into frames.
class FrameReader {
 public:
  enum class Found { frame, need_more, malformed };

  FrameReader() : buffer_(2 * std::size_t{default_frame_max}) {}

  /// Where the next bytes go; never empty. Invalidates earlier frames.
  std::span<char> room();
  void added(std::size_t count) { end_ += count; }
  /// The next whole frame. `malformed`: larger than the limit, unknown type or no end mark; the stream is useless.
  Found next(Frame& frame);
  /// Steps over these bytes when they have come: a protocol header. False: something else, or not yet.
  bool skip(std::string_view expected);

 private:
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Collects frames until the socket takes them, so that many leave in one write.
class FrameWriter {
 public:
  FrameWriter() { reserve(4 * std::size_t{default_frame_max}); }

  /// Below this a caller goes on adding, above it waits for the socket: bounds the memory.
  static constexpr std::size_t high_water = 2 * std::size_t{default_frame_max};

  void set_frame_max(std::uint32_t frame_max) { frame_max_ = frame_max; }
  std::uint32_t frame_max() const { return frame_max_; }
  std::size_t largest_body() const { return frame_max_ - frame_overhead; }
  /// What so many bytes of content take when they are cut into the largest frames.
  std::size_t size_as_bodies(std::size_t content) const {
    return content + frame_overhead * ((content + largest_body() - 1) / largest_body());
  }

  /// `fields` is the amqp_*_t struct of the method. False: it does not fit into a frame, nothing was added.
  bool method(std::uint16_t channel, amqp_method_number_t id, void* fields);
  /// A content header; false as above.
  bool header(std::uint16_t channel, std::uint64_t body_size, amqp_basic_properties_t& properties);
  /// One body frame, at most largest_body() bytes.
  void body(std::uint16_t channel, std::string_view bytes);
  void heartbeat();
  void raw(std::string_view bytes);

  std::string_view pending() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void written(std::size_t count);
  /// Positions in the whole stream of bytes: what has been added and what has left.
  std::uint64_t added_total() const { return left_ + (end_ - begin_); }
  std::uint64_t left_total() const { return left_; }
  /// Takes back what was added after that position; it must not have left.
  void rewind(std::uint64_t position) { end_ = begin_ + static_cast<std::size_t>(position - left_); }

 private:
  void reserve(std::size_t more);
  char* payload() { return buffer_.get() + end_ + 7; }
  void seal(std::uint8_t type, std::uint16_t channel, std::size_t size);

  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t left_ = 0;
  std::uint32_t frame_max_ = default_frame_max;
};

/// A view as rabbitmq-c wants it; it reads only.
inline amqp_bytes_t amqp_view(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

}  // namespace waybill::broker::rabbitmq
