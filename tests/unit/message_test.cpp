// What every way of sending checks, and the headers' JSON.

#include <gtest/gtest.h>

#include <string>

#include "core/headers_json.hpp"
#include "core/validate.hpp"

namespace waybill {
namespace {

Message message() {
  Message sample;
  sample.topic = Topic{"orders.created"};
  return sample;
}

std::string problem(const Message& sample) {
  const auto status = validate(sample);
  return status ? "" : status.error().message();
}

TEST(Validate, NeedsATopicOnly) {
  EXPECT_EQ(problem(message()), "");
  EXPECT_NE(problem(Message{}).find("topic is empty"), std::string::npos);
}

TEST(Validate, TakesAnyPayload) {
  auto sample = message();
  sample.payload = std::string("\0\xff\xc0", 3);
  EXPECT_EQ(problem(sample), "");
}

TEST(Validate, NamesThePartThatIsTooLong) {
  const std::string longest(255, 'x');
  auto sample = message();
  sample.id = MessageId{longest};
  sample.key = Key{longest};
  sample.headers[longest] = "v";
  EXPECT_EQ(problem(sample), "");
  sample.id = MessageId{longest + "x"};
  EXPECT_EQ(problem(sample), "id has 256 bytes; at most 255 are allowed");
  sample = message();
  sample.key = Key{longest + "x"};
  EXPECT_EQ(problem(sample).rfind("key has 256", 0), 0u);
  sample = message();
  sample.topic = Topic{longest + "x"};
  EXPECT_EQ(problem(sample).rfind("topic has 256", 0), 0u);
  sample = message();
  sample.headers[longest + "x"] = "v";
  EXPECT_NE(problem(sample).find("header"), std::string::npos);
}

TEST(Validate, RefusesNulAndOtherEncodingsInNames) {
  auto sample = message();
  sample.id = MessageId{std::string("a\0b", 3)};
  EXPECT_EQ(problem(sample), "id has a NUL byte; none is allowed");
  sample = message();
  sample.key = Key{"\xff"};
  EXPECT_EQ(problem(sample), "key is not valid UTF-8");
  sample = message();
  sample.headers["x"] = "\xc3";
  EXPECT_EQ(problem(sample), "value of header 'x' is not valid UTF-8");
  sample.headers = {{"", "v"}};
  EXPECT_NE(problem(sample).find("empty"), std::string::npos);
}

TEST(Utf8, FollowsTheStandardsTable) {
  for (const auto* text :
       {"", "a", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  for (const auto* text : {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "\xc2", "\xe1\x80", "\xe1\x80\x41"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(HeadersJson, GivesBackWhatWentIn) {
  const Headers headers{
      {"traceparent", "00-abc"}, {"q\"uote\\", "line\nend\x01"}, {"kanji", "\xe6\xbc\xa2"}, {"e", ""}};
  const auto read = headers_from_json(headers_to_json(headers));
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(*read, headers);
  EXPECT_EQ(headers_to_json({}), "{}");
}

TEST(HeadersJson, NothingMeansNone) {
  for (const auto* text : {"", "{}", "null"}) {
    const auto read = headers_from_json(text);
    ASSERT_TRUE(read.ok()) << text;
    EXPECT_TRUE(read->empty());
  }
}

TEST(HeadersJson, OfTwoEqualNamesTheLastCounts) {
  const auto read = headers_from_json(R"({"a":"1","a":"2"})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->at("a"), "2");
}

TEST(HeadersJson, SaysWhatItFoundInstead) {
  const auto found = [](std::string_view json) {
    const auto read = headers_from_json(json);
    return read ? "nothing" : read.error().message();
  };
  EXPECT_EQ(found(R"({"n":1})"), "headers: value of 'n' is a number, not a string");
  EXPECT_EQ(found(R"({"n":null})"), "headers: value of 'n' is null, not a string");
  EXPECT_EQ(found(R"({"n":{}})"), "headers: value of 'n' is an object, not a string");
  EXPECT_EQ(found("[1]"), "headers: is an array, not an object of strings");
  EXPECT_EQ(found("\"x\""), "headers: is a string, not an object of strings");
  EXPECT_NE(found("{\"a\":\"b\"").find("not valid JSON"), std::string::npos);
  EXPECT_NE(found("{\"a\":\"\xff\"}").find("not valid JSON"), std::string::npos);
  EXPECT_NE(found(R"({"":"x"})").find("empty"), std::string::npos);
  EXPECT_NE(found("{\"" + std::string(256, 'x') + "\":\"\"}").find("256 bytes"), std::string::npos);
}

TEST(HeadersJson, HostileSizeAndDepthAreRefused) {
  EXPECT_FALSE(headers_from_json(std::string(10'000'000, '[')).ok());
  EXPECT_FALSE(headers_from_json(std::string(500'000, '[')).ok());
  EXPECT_FALSE(headers_from_json("{\"a\":" + std::string(500'000, '[')).ok());
}

}  // namespace
}  // namespace waybill
