#include "core/glob.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace waybill {
namespace {

TEST(Glob, MatchesWholeTextOnly) {
  EXPECT_TRUE(glob_matches("orders.*", "orders.created"));
  EXPECT_TRUE(glob_matches("orders.*", "orders."));
  EXPECT_FALSE(glob_matches("orders.*", "orders"));
  EXPECT_FALSE(glob_matches("orders", "orders.created"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("", ""));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_TRUE(glob_matches("a?c", "abc"));
  EXPECT_FALSE(glob_matches("a?c", "ac"));
  EXPECT_TRUE(glob_matches("*.eu.*", "orders.eu.created"));
  EXPECT_TRUE(glob_matches("a*b*c", "a1b2b3c"));
  EXPECT_FALSE(glob_matches("a*b*c", "a1b2b3"));
}

TEST(Glob, EverythingElseStandsForItself) {
  EXPECT_TRUE(glob_matches("a[b].c", "a[b].c"));
  EXPECT_FALSE(glob_matches("a[b].c", "ab.c"));
  EXPECT_FALSE(glob_matches("a.c", "abc"));
}

TEST(Glob, AQuestionMarkIsOneCharacterAsInEveryStore) {
  EXPECT_TRUE(glob_matches("a?c", "a\u00e9c"));
  EXPECT_TRUE(glob_matches("?", "\u8ba2"));
  EXPECT_TRUE(glob_matches("??", "\u8ba2\U0001f4e6"));
  EXPECT_FALSE(glob_matches("??", "\u00e9"));
  EXPECT_FALSE(glob_matches("*??", "\u8ba2"));
  EXPECT_TRUE(glob_matches("*?x", "\u8ba2x"));
  EXPECT_FALSE(glob_matches("*??x", "\u8ba2x"));
  EXPECT_TRUE(glob_covers("a?", "a\u8ba2"));
  EXPECT_FALSE(glob_covers("a?", "a\u8ba2*"));
}

TEST(Glob, ABrokenCharacterIsAsManyAsItHasBytes) {
  EXPECT_TRUE(glob_matches("?", "\xff"));
  EXPECT_TRUE(glob_matches("?b",
                           "\xe8"
                           "b"));
  EXPECT_TRUE(glob_matches("??", "\xe8\xae"));
  EXPECT_TRUE(glob_matches("???", "\xae\xa2\xae"));
}

TEST(Glob, CoversWhatMatchesNoMore) {
  EXPECT_TRUE(glob_covers("orders.*", "orders.*"));
  EXPECT_TRUE(glob_covers("orders.*", "orders.eu.*"));
  EXPECT_TRUE(glob_covers("orders.*", "orders.created"));
  EXPECT_TRUE(glob_covers("*", "a*b?"));
  EXPECT_TRUE(glob_covers("a?", "a?"));
  EXPECT_TRUE(glob_covers("a*", "a?"));
  EXPECT_FALSE(glob_covers("orders.*", "order*"));
  EXPECT_FALSE(glob_covers("orders.*", "*"));
  EXPECT_FALSE(glob_covers("orders.created", "orders.*"));
  EXPECT_FALSE(glob_covers("a?", "a*"));
  EXPECT_FALSE(glob_covers("a", "a?"));
}

TEST(Glob, AHostilePatternCostsNothing) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(glob_matches(pattern, std::string(200, 'a') + "b"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{2});
}

TEST(Glob, BecomesAnAnchoredRegularExpression) {
  EXPECT_EQ(glob_to_regex("orders.*"), R"(^orders\..*$)");
  EXPECT_EQ(glob_to_regex("a?[b]$"), R"(^a.\[b\]\$$)");
}

TEST(Glob, KeepsBracketsLiteralForSqlite) { EXPECT_EQ(glob_to_sqlite("a[b]*?"), "a[[]b]*?"); }

}  // namespace
}  // namespace waybill
