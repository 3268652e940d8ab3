#include "broker/rabbitmq/frame.hpp"

#include <cstring>

#include "broker/rabbitmq/reader.hpp"

namespace waybill::broker::rabbitmq {
namespace {

constexpr std::size_t head_size = 7;
constexpr char end_mark = static_cast<char>(0xCE);

void store(char* at, std::uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value >>= 8) at[i] = static_cast<char>(value & 0xFF);
}

}  // namespace

std::span<char> FrameReader::room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (buffer_.size() - begin_ < default_frame_max + frame_overhead) {
    // The frame that has begun here would not fit behind: only what is left of it moves.
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return std::span<char>(buffer_).subspan(end_);
}

FrameReader::Found FrameReader::next(Frame& frame) {
  if (end_ - begin_ < head_size) return Found::need_more;
  Reader head({buffer_.data() + begin_, head_size});
  frame.type = head.u8();
  frame.channel = head.u16();
  const std::size_t size = head.u32();
  const bool known =
      (frame.type >= AMQP_FRAME_METHOD && frame.type <= AMQP_FRAME_BODY) || frame.type == AMQP_FRAME_HEARTBEAT;
  if (!known || size > default_frame_max - frame_overhead) return Found::malformed;
  if (end_ - begin_ < size + frame_overhead) return Found::need_more;
  const char* start = buffer_.data() + begin_ + head_size;
  if (start[size] != end_mark) return Found::malformed;
  frame.payload = {start, size};
  begin_ += size + frame_overhead;
  return Found::frame;
}

bool FrameReader::skip(std::string_view expected) {
  if (!std::string_view(buffer_.data() + begin_, end_ - begin_).starts_with(expected)) return false;
  begin_ += expected.size();
  return true;
}

void FrameWriter::reserve(std::size_t more) {
  if (capacity_ - end_ >= more) return;
  const std::size_t kept = end_ - begin_;
  if (capacity_ - kept >= more && begin_ >= kept) {
    std::memcpy(buffer_.get(), buffer_.get() + begin_, kept);
  } else {
    const std::size_t capacity = kept + more + default_frame_max;
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (kept != 0) std::memcpy(larger.get(), buffer_.get() + begin_, kept);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = kept;
}

void FrameWriter::seal(std::uint8_t type, std::uint16_t channel, std::size_t size) {
  char* at = buffer_.get() + end_;
  at[0] = static_cast<char>(type);
  store(at + 1, channel, 2);
  store(at + 3, size, 4);
  at[head_size + size] = end_mark;
  end_ += size + frame_overhead;
}

bool FrameWriter::method(std::uint16_t channel, amqp_method_number_t id, void* fields) {
  reserve(frame_max_);
  store(payload(), id, 4);
  const int size = amqp_encode_method(id, fields, {frame_max_ - frame_overhead - 4, payload() + 4});
  if (size < 0) return false;
  seal(AMQP_FRAME_METHOD, channel, static_cast<std::size_t>(size) + 4);
  return true;
}

bool FrameWriter::header(std::uint16_t channel, std::uint64_t body_size, amqp_basic_properties_t& properties) {
  constexpr std::size_t fixed = 12;  // class, weight, body size
  reserve(frame_max_);
  store(payload(), AMQP_BASIC_CLASS, 2);
  store(payload() + 2, 0, 2);
  store(payload() + 4, body_size, 8);
  const int size =
      amqp_encode_properties(AMQP_BASIC_CLASS, &properties, {frame_max_ - frame_overhead - fixed, payload() + fixed});
  if (size < 0) return false;
  seal(AMQP_FRAME_HEADER, channel, static_cast<std::size_t>(size) + fixed);
  return true;
}

void FrameWriter::body(std::uint16_t channel, std::string_view bytes) {
  reserve(bytes.size() + frame_overhead);
  std::memcpy(payload(), bytes.data(), bytes.size());
  seal(AMQP_FRAME_BODY, channel, bytes.size());
}

void FrameWriter::heartbeat() {
  reserve(frame_overhead);
  seal(AMQP_FRAME_HEARTBEAT, 0, 0);
}

void FrameWriter::raw(std::string_view bytes) {
  reserve(bytes.size());
  std::memcpy(buffer_.get() + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void FrameWriter::written(std::size_t count) {
  begin_ += count;
  left_ += count;
  if (begin_ == end_) begin_ = end_ = 0;
}

}  // namespace waybill::broker::rabbitmq
