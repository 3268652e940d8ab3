#include <gtest/gtest.h>

#include "admin/search.hpp"

namespace waybill::admin {
namespace {

constexpr std::int64_t now = 1'764'000'000'000;

TEST(SearchLine, SetsEachCondition) {
  store::FailedFilter filter;
  auto parsed = parse_search("topic:orders.* reason:unroutable since:2h key:17 cause:\"no route here\"", now, filter);
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(filter.topic, "orders.*");
  EXPECT_EQ(filter.reason, "unroutable");
  EXPECT_EQ(filter.since_ms, now - 7'200'000);
  EXPECT_EQ(filter.key, "17");
  EXPECT_EQ(filter.cause, "no route here");
}

TEST(SearchLine, AValueMayHoldColons) {
  store::FailedFilter filter;
  ASSERT_TRUE(parse_search("since:2026-11-24T18:30:00Z", now, filter));
  EXPECT_EQ(format_when(*filter.since_ms), "2026-11-24T18:30:00.000Z");
}

TEST(SearchLine, UnknownNameNamesTheNearest) {
  store::FailedFilter filter;
  auto parsed = parse_search("topics:x", now, filter);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().message().find("did you mean 'topic'"), std::string::npos);
}

TEST(SearchLine, RefusesWhatIsNoCondition) {
  for (const auto* line : {"orders", ":x", "orders topic:x", "cause:\"open", "since:soon", "state:gone"}) {
    store::FailedFilter filter;
    EXPECT_FALSE(parse_search(line, now, filter)) << line;
  }
}

TEST(When, ReadsSpansAndDates) {
  EXPECT_EQ(parse_when("30m", now).value(), now - 1'800'000);
  EXPECT_EQ(format_when(parse_when("2024-02-29", now).value()), "2024-02-29T00:00:00.000Z");
  EXPECT_FALSE(parse_when("2023-02-29", now));
  EXPECT_FALSE(parse_when("2024-01-01T25:00", now));
  EXPECT_FALSE(parse_when("", now));
}

}  // namespace
}  // namespace waybill::admin
