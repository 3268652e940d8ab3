#include "broker/rocketmq/inflate.hpp"

#include <zlib.h>

#include <array>
#include <memory>

namespace waybill::broker::rocketmq {
namespace {

/// Of zlib's manual: the largest window, and gzip and zlib told apart by their beginning.
constexpr int any_format = 15 + 32;

}  // namespace

std::optional<std::string> inflate(const std::string& packed) {
  z_stream stream{};
  if (::inflateInit2(&stream, any_format) != Z_OK) return std::nullopt;
  const std::unique_ptr<z_stream, decltype(&::inflateEnd)> guard(&stream, &::inflateEnd);
  std::string input = packed;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string bytes;
  std::array<char, 16384> part{};
  for (int result = Z_OK; result == Z_OK;) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = part.size();
    result = ::inflate(&stream, Z_NO_FLUSH);
    bytes.append(part.data(), part.size() - stream.avail_out);
    if (bytes.size() > largest_inflated) return std::nullopt;
    if (result == Z_STREAM_END) return bytes;
  }
  return std::nullopt;
}

}  // namespace waybill::broker::rocketmq
