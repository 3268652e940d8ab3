// What services link for Redis: the outbox function and the guard, on a connection of their own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "core/url.hpp"
#include "store/store.hpp"
#include "waybill/inbox_redis.h"
#include "waybill/outbox_redis.h"

namespace waybill::redis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RedisClient : public testing::Test {
 protected:
  void SetUp() override {
    const char* text = std::getenv("WAYBILL_TEST_REDIS");
    ASSERT_NE(text, nullptr) << "run the tests by `tools/services run -- ctest`";
    const auto url = parse_url(text).value();
    context_.reset(redisConnect(url.host.c_str(), url.port));
    ASSERT_EQ(context_->err, 0) << context_->errstr;
    run("AUTH " + url.password);
    const auto database = run("INCR waybill-test-databases");
    run("SELECT " + database);
    StoreConfig config;
    config.name = "redis";
    config.url = Secret{"redis://:" + url.password + "@" + url.host + ":" + std::to_string(url.port) + "/" + database};
    store_ = std::move(store::open_store(config).value());
  }

  void migrate() { ASSERT_TRUE(store_->migrate()); }

  std::string run(const std::string& command) {
    const std::unique_ptr<void, decltype(&freeReplyObject)> answer{redisCommand(context_.get(), command.c_str()),
                                                                   &freeReplyObject};
    const auto* reply = static_cast<const redisReply*>(answer.get());
    if (reply == nullptr) throw std::runtime_error{context_->errstr};
    if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
    return reply->str == nullptr ? std::string{} : std::string{reply->str, reply->len};
  }

  Message message(const std::string& payload = "x") const {
    Message made;
    made.topic = Topic{"orders.created"};
    made.payload = payload;
    return made;
  }

  Mark mark(const std::string& fingerprint, const std::string& digest = "") const {
    Mark made;
    made.consumer = "inventory";
    made.unique_id = "chair";
    made.fingerprint = fingerprint;
    made.digest = digest;
    return made;
  }

  std::uint64_t sending() { return store_->counts().value().sending; }
  redisContext* connection() { return context_.get(); }

  std::unique_ptr<store::Store> store_;

 private:
  std::unique_ptr<redisContext, decltype(&redisFree)> context_{nullptr, &redisFree};
};

TEST_F(RedisClient, WhatIsSentIsStoredUnderItsId) {
  migrate();
  auto id = send(connection(), message());
  ASSERT_TRUE(id) << id.error().message();
  const auto found = store_->locate(*id).value();
  EXPECT_EQ(found.place, store::Whereabouts::Place::outbox);
  EXPECT_EQ(found.troubled->message.payload, "x");
}

TEST_F(RedisClient, InMultiItStandsAndFallsWithTheOtherCommands) {
  migrate();
  run("MULTI");
  EXPECT_TRUE(send(connection(), message()));
  run("DISCARD");
  EXPECT_EQ(sending(), 0U);
  run("MULTI");
  run("SET order:17 placed");
  const auto id = send(connection(), message()).value();
  run("EXEC");
  EXPECT_EQ(sending(), 1U);
  EXPECT_EQ(store_->standings(std::vector{id}).value().front(), store::Standing::sending);
}

TEST_F(RedisClient, BadMessagesAreRefusedBeforeAnythingIsSent) {
  migrate();
  EXPECT_EQ(send(nullptr, message()).error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(send(connection(), Message{}).error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(send(connection(), message(), 17).error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(sending(), 0U);
}

TEST_F(RedisClient, BeforeTheMigrationTheRemedyIsNamed) {
  auto sent = send(connection(), message());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), ErrorCode::missing_schema);
  EXPECT_THAT(sent.error().message(), HasSubstr("waybill migrate"));
}

TEST_F(RedisClient, OperationIsAppliedOnce) {
  migrate();
  run("SET {chair}:stock 5");
  auto first = apply(connection(), mark("o1", "a"), {take("{chair}:stock", 3), hash_set("{chair}:orders", "o1", "3")});
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(first->result, Applied::Result::fresh);
  EXPECT_THAT(first->values, ElementsAre("2", "3"));
  EXPECT_EQ(apply(connection(), mark("o1", "a"), {take("{chair}:stock", 3)})->result, Applied::Result::duplicate);
  EXPECT_EQ(apply(connection(), mark("o1", "b"), {take("{chair}:stock", 3)})->result, Applied::Result::conflict);
  const auto lacking = apply(connection(), mark("o2"), {take("{chair}:stock", 3)}).value();
  EXPECT_EQ(lacking.result, Applied::Result::too_little);
  EXPECT_THAT(lacking.values, ElementsAre("2"));
  EXPECT_EQ(run("GET {chair}:stock"), "2");
}

TEST_F(RedisClient, EachEffectDoesWhatItSays) {
  migrate();
  const std::vector<Effect> effects{add("{c}:n", -2),           set("{c}:s", std::string{"a\0b", 3}),
                                    hash_add("{c}:h", "f", 7),  hash_set("{c}:h", "g", "v"),
                                    hash_take("{c}:h", "z", 0), journal("{c}:j", "order", "17", {{"id", "17"}}, 1)};
  auto applied = apply(connection(), mark("o1"), effects);
  ASSERT_TRUE(applied) << applied.error().message();
  EXPECT_EQ(applied->values.size(), 6U);
  EXPECT_EQ(applied->values[0], "-2");
  EXPECT_EQ(applied->values[1].size(), 3U);
  EXPECT_EQ(run("XLEN {c}:j"), "1");
  EXPECT_EQ(apply(connection(), mark("o2"), {journal("{c}:j", "order", "18", {}, 1)})->result, Applied::Result::full);
}

TEST_F(RedisClient, TheMessageOfAnEffectIsPersistedWithIt) {
  migrate();
  auto told = message("sold");
  told.id = MessageId{"sale-1"};
  run("SET {chair}:stock 1");
  const std::vector<Effect> effects{take("{chair}:stock", 1), send(told).value()};
  EXPECT_THAT(apply(connection(), mark("o1"), effects)->values, ElementsAre("0", "sale-1"));
  EXPECT_EQ(apply(connection(), mark("o2"), effects)->result, Applied::Result::too_little);
  EXPECT_EQ(sending(), 1U);
  EXPECT_EQ(store_->locate(told.id).value().place, store::Whereabouts::Place::outbox);
  told.topic = Topic{""};
  EXPECT_EQ(send(told).error().code(), ErrorCode::invalid_argument);
}

TEST_F(RedisClient, OperationWithoutEffectsIsAMarkAlone) {
  migrate();
  EXPECT_EQ(apply(connection(), mark("o1"), {}, std::chrono::hours{1}, "{chair}")->result, Applied::Result::fresh);
  EXPECT_EQ(apply(connection(), mark("o1"), {}, std::chrono::hours{1}, "{chair}")->result, Applied::Result::duplicate);
  EXPECT_EQ(apply(connection(), mark("o1"), {}).error().code(), ErrorCode::invalid_argument);
}

TEST_F(RedisClient, ReservationIsCompletedOrReleased) {
  migrate();
  run("SET {chair}:stock 5");
  const std::vector<Effect> effects{take("{chair}:stock", 3), hash_set("{chair}:orders", "o1", "3")};
  const auto first = reserve(connection(), mark("o1"), effects).value();
  ASSERT_EQ(first.result, Reserved::Result::reserved);
  EXPECT_THAT(first.values, ElementsAre("2", ""));
  EXPECT_EQ(reserve(connection(), mark("o1"), effects)->result, Reserved::Result::pending);
  EXPECT_EQ(reserve(connection(), mark("o1"), effects)->attempt, first.attempt);
  EXPECT_EQ(release(connection(), mark("o1"), first.attempt, "{chair}").value(), Ended::done);
  EXPECT_EQ(run("GET {chair}:stock"), "5");
  const auto second = reserve(connection(), mark("o1"), effects).value();
  EXPECT_NE(second.attempt, first.attempt);
  EXPECT_EQ(attempt_mark(second.attempt).unique_id, second.attempt);
  EXPECT_EQ(complete(connection(), mark("o1"), first.attempt, "{chair}").value(), Ended::gone);
  EXPECT_EQ(complete(connection(), mark("o1"), second.attempt, "{chair}").value(), Ended::done);
  EXPECT_EQ(complete(connection(), mark("o1"), second.attempt, "{chair}").value(), Ended::duplicate);
  EXPECT_EQ(run("GET {chair}:stock"), "2");
  EXPECT_EQ(run("HGET {chair}:orders o1"), "3");
  EXPECT_EQ(reserve(connection(), mark("o1"), effects)->result, Reserved::Result::duplicate);
  EXPECT_EQ(reserve(connection(), mark("o2"), effects)->result, Reserved::Result::too_little);
}

TEST_F(RedisClient, WrongOperationsNameThePartAtFault) {
  migrate();
  EXPECT_THAT(apply(connection(), mark(""), {add("n", 1)}).error().message(), HasSubstr("fingerprint"));
  EXPECT_THAT(apply(connection(), mark("o1"), {add("n", 1), add("n", 1)}).error().message(), HasSubstr("two effects"));
  run("MULTI");
  auto queued = apply(connection(), mark("o1"), {add("n", 1)});
  EXPECT_EQ(queued.error().code(), ErrorCode::invalid_argument);
  EXPECT_THAT(queued.error().message(), HasSubstr("MULTI"));
  run("DISCARD");
}

}  // namespace
}  // namespace waybill::redis
