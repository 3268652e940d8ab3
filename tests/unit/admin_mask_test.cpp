// What of a payload is not shown, and that all else is shown as it was sent.

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "admin/json.hpp"
#include "admin/mask.hpp"

namespace waybill::admin {
namespace {

using Globs = std::vector<std::string>;

std::string masked(std::string_view payload, const Globs& globs) {
  return mask_json(payload, globs).value_or("cannot be masked");
}

TEST(Mask, ReplacesTheValueOfAMemberByItsPath) {
  EXPECT_EQ(masked(R"({"a":1,"card":{"number":"4111","month":3}})", {"card.number"}),
            R"({"a":1,"card":{"number":"***","month":3}})");
  EXPECT_EQ(masked(R"({"a":1,"card":{"number":"4111"},"b":[2]})", {"card"}), R"({"a":1,"card":"***","b":[2]})");
  EXPECT_EQ(masked(R"({"items":[{"price":1},{"price":2.50}]})", {"items.1.price"}),
            R"({"items":[{"price":1},{"price":"***"}]})");
  EXPECT_EQ(masked(R"([[1,2],[3]])", {"0.*"}), R"([["***","***"],[3]])");
}

TEST(Mask, AGlobReachesEveryDepth) {
  EXPECT_EQ(masked(R"({"password":"a","user":{"Password":"b","oldPassword":null},"list":[{"password":[1,{"x":"}"}]}]})",
                   {"*password"}),
            R"({"password":"***","user":{"Password":"***","oldPassword":"***"},"list":[{"password":"***"}]})");
  EXPECT_EQ(masked(R"("secret")", {"*"}), R"("***")");
}

TEST(Mask, LeavesAllOtherBytesAsTheyWere) {
  const std::string plain = R"( { "n" : 12345678901234567890 , "p":1.10, "e":{ },"l":[ ],"s":"a\"b,]}","t":true } )";
  EXPECT_EQ(masked(plain, {}), plain);
  EXPECT_EQ(masked(plain, {"p"}),
            R"( { "n" : 12345678901234567890 , "p":"***", "e":{ },"l":[ ],"s":"a\"b,]}","t":true } )");
  EXPECT_EQ(masked(plain, {"s", "t"}),
            R"( { "n" : 12345678901234567890 , "p":1.10, "e":{ },"l":[ ],"s":"***","t":"***" } )");
}

TEST(Mask, AnEscapedNameIsTheNameItSpells) {
  EXPECT_EQ(masked(R"({"p\u0061ss":"x","pass":"y","a\"b":"z"})", {"pass", "a\"b"}),
            R"({"p\u0061ss":"***","pass":"***","a\"b":"***"})");
}

TEST(Mask, WhatIsNoJsonIsNotShown) {
  for (const std::string text : {"", "secret", "{\"a\":1", "{\"a\":1} x", "{'a':1}", "\xff", "{\"a\":\"\xff\"}"})
    EXPECT_FALSE(mask_json(text, {"a"})) << text;
  EXPECT_EQ(masked("\xef\xbb\xbf{\"a\":1}", {"a"}), R"({"a":"***"})");
}

TEST(Mask, HostileDocumentsCostLittle) {
  const auto begun = std::chrono::steady_clock::now();
  const std::size_t many = 500'000;
  EXPECT_FALSE(mask_json(std::string(many, '[') + std::string(many, ']'), {"*x"}));
  std::string wide = R"({")" + std::string(1000, 'k') + R"(":[0)";
  for (std::size_t i = 0; i < 100'000; ++i) wide += ",0";
  EXPECT_TRUE(mask_json(wide + "]}", {"*x", "*k*k*y"}));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{20});
}

/// A random document, and the same with every member `secret` masked.
struct Pair {
  Json plain, masked;
};

// NOLINTNEXTLINE(misc-no-recursion): at most four levels
Pair random_pair(std::mt19937& random, int depth) {
  const auto pick = [&](unsigned count) { return random() % count; };
  if (depth == 0 || pick(3) == 0) {
    const std::vector<Json> leaves{1, -2.5, "text, \"quoted\" {}[]", true, nullptr, "", Json::array(), Json::object()};
    const auto& leaf = leaves[pick(8)];
    return {leaf, leaf};
  }
  Pair made{pick(2) == 0 ? Json::array() : Json::object(), {}};
  made.masked = made.plain;
  for (auto i = pick(4); i > 0; --i) {
    const auto inner = random_pair(random, depth - 1);
    if (made.plain.is_array()) {
      made.plain.push_back(inner.plain);
      made.masked.push_back(inner.masked);
      continue;
    }
    const std::string name = pick(3) == 0 ? "secret" : "m" + std::to_string(i);
    made.plain[name] = inner.plain;
    made.masked[name] = name == "secret" ? Json("***") : inner.masked;
  }
  return made;
}

TEST(Mask, MasksWhatAParserWouldFind) {
  std::mt19937 random{7};
  for (int i = 0; i < 5000; ++i) {
    const auto pair = random_pair(random, 4);
    const auto text = pair.plain.dump(static_cast<int>(random() % 3) - 1);
    const auto found = mask_json(text, {"secret", "*.secret"});
    ASSERT_TRUE(found) << text;
    EXPECT_EQ(Json::parse(*found), pair.masked) << text;
  }
}

TEST(Mask, HeadersAreMaskedByName) {
  const Headers headers{{"Authorization", "Bearer x"}, {"x-secret-a", "1"}, {"type", "order"}};
  EXPECT_EQ(mask_headers(headers, {"authorization", "x-secret-*"}),
            (Headers{{"Authorization", "***"}, {"x-secret-a", "***"}, {"type", "order"}}));
}

}  // namespace
}  // namespace waybill::admin
