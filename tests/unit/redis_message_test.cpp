#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <chrono>
#include <memory>
#include <string>

#include "store/redis/message_fields.hpp"

namespace waybill::redis {
namespace {

/// What hiredis makes of these bytes.
OwnedReply reply_of(const std::string& bytes) {
  const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreate(), redisReaderFree);
  redisReaderFeed(reader.get(), bytes.data(), bytes.size());
  void* reply = nullptr;
  EXPECT_EQ(redisReaderGetReply(reader.get(), &reply), REDIS_OK);
  return OwnedReply(static_cast<redisReply*>(reply));
}

TEST(RedisMessage, ATimeBeyondWhatTheClockHoldsIsStillFarAway) {
  const auto reply = reply_of("*2\r\n$10\r\nnot_before\r\n$13\r\n9764538101234\r\n");
  const auto read = read_message(*reply, "", 1024);
  ASSERT_TRUE(read.message.not_before);
  EXPECT_GT(*read.message.not_before, std::chrono::system_clock::now() + std::chrono::hours{24 * 365});
}

}  // namespace
}  // namespace waybill::redis
