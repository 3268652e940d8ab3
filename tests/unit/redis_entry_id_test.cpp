#include <gtest/gtest.h>

#include "core/uuid.hpp"
#include "store/redis/entry_id.hpp"
#include "store/redis/message_fields.hpp"
#include "store/redis/redis_error.hpp"

namespace waybill::redis {
namespace {

const EntryId entry{1'795'606'544'938, 5};

TEST(RedisEntryId, TicketsGoThereAndBackAndSortAsEntries) {
  const auto ticket = ticket_of(entry, 3);
  ASSERT_TRUE(ticket);
  EXPECT_EQ(entry_of(*ticket), entry);
  EXPECT_EQ(lane_of(*ticket), 3U);
  EXPECT_EQ(ticket_of_hex(hex_of(*ticket)), *ticket);
  const auto later = ticket_of({entry.ms + 1, 0}, 0);
  EXPECT_LT(hex_of(*ticket), hex_of(*later));
}

TEST(RedisEntryId, IdsThatFitNoTicketAreTold) {
  EXPECT_FALSE(ticket_of({5, 1}, 0));
  EXPECT_FALSE(ticket_of({entry.ms, 262'144}, 0));
  EXPECT_FALSE(ticket_of({std::uint64_t{1} << 60, 0}, 0));
  EXPECT_FALSE(entry_of(store::Ticket{std::uint64_t{1} << 63 | 16}));
}

TEST(RedisEntryId, UuidTellsItsEntry) {
  const auto id = uuid_of({entry.ms, 5000}, "0123456789ab");
  EXPECT_EQ(uuid7_unix_ms(id), static_cast<std::int64_t>(entry.ms));
  EXPECT_EQ(entry_of_uuid(id, "0123456789ab"), (EntryId{entry.ms, 5000}));
  EXPECT_FALSE(entry_of_uuid(id, "0123456789ac"));
  EXPECT_FALSE(entry_of_uuid("order-17", "0123456789ab"));
}

TEST(RedisError, FirstWordDecides) {
  EXPECT_EQ(code_of("OOM command not allowed"), ErrorCode::disk_full);
  EXPECT_EQ(code_of("READONLY You can't write"), ErrorCode::read_only);
  EXPECT_EQ(code_of("LOADING Redis is loading"), ErrorCode::unreachable);
  EXPECT_EQ(code_of("MOVED 1 127.0.0.1:1"), ErrorCode::unreachable);
  EXPECT_EQ(code_of("ERR Function not found"), ErrorCode::missing_schema);
  EXPECT_EQ(code_of("NOGROUP No such key script: waybill_fetch"), ErrorCode::lost_lane);
  EXPECT_EQ(code_of("ERR something else"), ErrorCode::internal);
}

// A hostile server must not crash us: what is not there reads as nothing.
TEST(RedisReply, PartsThatAreNotThereAreNothing) {
  const Reply none;
  EXPECT_TRUE(none[3][4].is_nil());
  EXPECT_EQ(none[1].number(), 0);
  EXPECT_EQ(none.field("x").text(), "");
  EXPECT_EQ(EntryId::parse("nonsense"), EntryId{});
  EXPECT_EQ(EntryId::parse(""), EntryId{});
}

}  // namespace
}  // namespace waybill::redis
