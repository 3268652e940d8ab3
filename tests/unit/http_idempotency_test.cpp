// A bulk act that is asked for under a key begins once, however often and from where it is asked for again.

#include "admin/search.hpp"
#include "core/uuid.hpp"
#include "http_desk.hpp"

namespace waybill::http {
namespace {

using admin::Json;

class HttpIdempotency : public HttpDesk {
 protected:
  HttpIdempotency() {
    persist("o1", "orders.created");
    settle_all(store::Verdict::failed, "unroutable");
    open();
  }

  Response ask(const std::string& key, const Json& order = drop, const std::string& token = "operator") const {
    return post("/api/v1/operations", order, token, {{"idempotency-key", key}});
  }
  std::size_t operations() const { return parsed(get("/api/v1/operations", "operator"))["operations"].size(); }

  static inline const Json drop{{"act", "drop"}, {"q", "topic:orders.*"}, {"why", "old"}};
  const std::string key_ = make_uuid7();
};

TEST_F(HttpIdempotency, WhatIsAskedAgainIsAnsweredAndNotBegunAnew) {
  const auto first = ask(key_), quoted = ask('"' + key_ + '"');
  ASSERT_EQ(first.status, 202U) << first.body;
  EXPECT_EQ(parsed(first)["id"], key_);
  EXPECT_EQ(quoted.status, 202U) << quoted.body;
  EXPECT_EQ(parsed(quoted)["id"], key_);
  EXPECT_EQ(operations(), 1U);
}

TEST_F(HttpIdempotency, AnAnswerThatCameLateIsTheSameWhenNothingMatchesAnyMore) {
  ASSERT_EQ(ask(key_).status, 202U);
  const auto found = store->troubled({});
  ASSERT_TRUE(found);
  ASSERT_TRUE(store->drop(std::vector{found->front().ticket}, "ann", "old"));
  EXPECT_EQ(ask(key_).status, 202U);
  EXPECT_EQ(ask(make_uuid7()).status, 409U) << "another request finds nothing";
}

TEST_F(HttpIdempotency, AKeyIsForOneRequestOfOnePerson) {
  config.http.tokens.push_back({"bob", sha256_hex("wb_bob"), config.http.tokens.back().grant});
  open();
  ASSERT_EQ(ask(key_).status, 202U);
  const auto other = ask(key_, {{"act", "drop"}, {"q", "topic:orders.*"}, {"why", "older"}});
  EXPECT_EQ(other.status, 422U);
  EXPECT_EQ(parsed(other)["code"], "reused_key");
  EXPECT_EQ(ask(key_, drop, "bob").status, 422U);
  EXPECT_EQ(operations(), 1U);
}

TEST_F(HttpIdempotency, ADryRunUsesNoKeyUp) {
  auto dry = drop;
  dry["dry_run"] = true;
  EXPECT_EQ(ask(key_, dry).status, 200U);
  EXPECT_EQ(ask(key_).status, 202U);
}

TEST_F(HttpIdempotency, KeysThatCantBeIdsAreRefused) {
  const std::int64_t hour_ms = 3'600'000;
  for (const auto& key : {std::string{}, std::string{"42"}, std::string{"5f2c1c7e-8d6a-4a51-9c6e-0e7a51f6a111"},
                          format_uuid7(admin::wall_clock_ms() - 25 * hour_ms, 1, 1),
                          format_uuid7(admin::wall_clock_ms() + 25 * hour_ms, 1, 1)}) {
    const auto refused = ask(key);
    EXPECT_EQ(refused.status, 400U) << key;
    EXPECT_NE(refused.body.find("Idempotency-Key"), std::string::npos) << refused.body;
  }
  const auto twice =
      post("/api/v1/operations", drop, "operator", {{"idempotency-key", key_}, {"idempotency-key", key_}});
  EXPECT_EQ(twice.status, 400U);
  EXPECT_EQ(operations(), 0U);
}

}  // namespace
}  // namespace waybill::http
