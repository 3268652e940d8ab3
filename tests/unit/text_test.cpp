#include "core/text.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace waybill {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsTheDocumentedForms) {
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("30s"), 30s);
  EXPECT_EQ(*parse_duration("10m"), 10min);
  EXPECT_EQ(*parse_duration("2h"), 2h);
  EXPECT_EQ(*parse_duration("7d"), 7 * 24h);
}

TEST(Duration, ShowsTheFormsWhenItCannotRead) {
  for (const auto* text : {"", "30", "s", "-1s", "1.5s", "30 s", "30sec", "99999999999d", "99999999999999999999s"}) {
    const auto read = parse_duration(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_NE(read.error().message().find(text), std::string::npos);
  }
  EXPECT_NE(parse_duration("x").error().message().find("250ms, 30s"), std::string::npos);
}

TEST(Duration, ShortestExactFormReadsBack) {
  EXPECT_EQ(format_duration(30s), "30s");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(48h), "2d");
  for (const Duration duration : {Duration{90s}, Duration{1ms}, Duration{36h}, Duration{7us}}) {
    EXPECT_EQ(*parse_duration(format_duration(duration)), duration);
  }
}

TEST(Nearest, FindsALikelyTypingError) {
  constexpr auto keys = std::to_array<std::string_view>({"window", "unsettled", "stop_timeout", "url"});
  EXPECT_EQ(nearest("windwo", keys), "window");
  EXPECT_EQ(nearest("unsetled", keys), "unsettled");
  EXPECT_EQ(nearest("stoptimeout", keys), "stop_timeout");
  EXPECT_EQ(nearest("ulr", keys), "url");
  EXPECT_EQ(nearest("password", keys), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'x'), keys), std::nullopt);
}

TEST(Template, ReplacesTopicAndKeyOnce) {
  EXPECT_EQ(render_template("a.{topic}.{key}", "t", "k"), "a.t.k");
  EXPECT_EQ(render_template("{topic}", "{key}", "k"), "{key}");
  EXPECT_EQ(render_template("plain", "t", "k"), "plain");
}

TEST(Template, OtherBracesAreErrors) {
  EXPECT_TRUE(check_template("a.{topic}.{key}").ok());
  EXPECT_TRUE(check_template("").ok());
  for (const auto* text : {"{tpoic}", "{", "}", "{topic", "{topic}}", "{{topic}}"}) {
    EXPECT_FALSE(check_template(text).ok()) << text;
  }
  EXPECT_NE(check_template("x{tpoic}y").error().message().find("'{tpoic}'"), std::string::npos);
}

// FIPS 180-4's example, and the digest of nothing.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(ProcessName, EndsWithThePid) { EXPECT_TRUE(process_name().ends_with(":" + std::to_string(getpid()))); }

TEST(ErrorCode, HasAName) {
  EXPECT_EQ(to_string(ErrorCode::invalid_argument), "invalid_argument");
  EXPECT_EQ(to_string(ErrorCode::internal), "internal");
}

}  // namespace
}  // namespace waybill
