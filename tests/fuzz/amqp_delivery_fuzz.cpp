// A hostile broker's stream: frames, content headers with nested tables, deliveries.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "broker/rabbitmq/delivery_assembly.hpp"
#include "broker/rabbitmq/frame.hpp"

using namespace waybill::broker::rabbitmq;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FrameReader reader;
  DeliveryAssembly assembly;
  Frame frame;
  std::size_t at = 0;
  while (true) {
    const auto found = reader.next(frame);
    if (found == FrameReader::Found::malformed) return 0;
    if (found == FrameReader::Found::need_more) {
      if (at == size) return 0;
      const auto room = reader.room();
      if (room.empty()) std::abort();
      const std::size_t count = std::min(room.size(), size - at);
      std::memcpy(room.data(), data + at, count);
      reader.added(count);
      at += count;
      continue;
    }
    const bool is_method = frame.type == 1;
    if (is_method ? !assembly.begin(frame.payload.substr(std::min<std::size_t>(4, frame.payload.size())))
                  : !assembly.add(frame))
      assembly = {};
    if (const auto delivery = assembly.take(); delivery && delivery->message.payload.size() > size) std::abort();
  }
}
