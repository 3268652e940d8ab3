// What a server that is no Redis, or a hostile one, answers: entries and rows are read out of any reply, of any kind.

#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "store/redis/message_fields.hpp"

namespace {

using waybill::redis::Reply;

void read(Reply reply, int depth) {
  constexpr std::uint64_t max_payload = 1024;
  static_cast<void>(reply.number());
  auto message = waybill::redis::read_message(reply, "", max_payload);
  waybill::redis::name_entry(message, {}, "salt");
  static_cast<void>(waybill::redis::read_troubled({}, reply, 0, max_payload));
  for (std::size_t at = 0; at < reply.size() && at < 64 && depth < 8; ++at) read(reply[at], depth + 1);
}

/// hiredis makes room for as many elements as an array says it has: a matter of minutes, but none of our code.
bool has_great_array(std::string_view bytes) {
  for (auto star = bytes.find('*'); star != bytes.npos; star = bytes.find('*', star + 1)) {
    const auto digits = bytes.substr(star + 1, 6);
    if (digits.size() == 6 && digits.find_first_not_of("+-0123456789") == digits.npos) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  if (has_great_array(bytes)) return 0;
  const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreate(), redisReaderFree);
  if (redisReaderFeed(reader.get(), bytes.data(), bytes.size()) != REDIS_OK) return 0;
  void* one = nullptr;
  while (redisReaderGetReply(reader.get(), &one) == REDIS_OK && one != nullptr) {
    const waybill::redis::OwnedReply owned(static_cast<redisReply*>(one));
    read(*owned, 0);
  }
  return 0;
}
