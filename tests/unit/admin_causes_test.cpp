// What people say of causes: it is kept, shown to everybody, and a cause that comes back is told.

#include "admin/causes.hpp"
#include "admin_store.hpp"

namespace waybill::admin {
namespace {

class Causes : public AdminStore {
 protected:
  void fail(const std::string& id) {
    persist(id);
    settle_all(store::Verdict::failed, "unroutable");
  }

  Status say(CauseAct act, const std::string& id, const std::string& why = "the queue is bound") {
    return say_of_cause(*store, {act, id, {}, "ann", why, "test"});
  }

  CauseLife life() {
    const auto groups = store->failed_groups({}).value();
    EXPECT_EQ(groups.size(), 1U);
    const auto book = CauseBook::read(*store);
    EXPECT_TRUE(book);
    return book->life_of(groups.front());
  }
};

TEST_F(Causes, AreOpenUntilSomebodySaysSomething) {
  fail("a");
  EXPECT_EQ(life().state, CauseState::open);
  EXPECT_EQ(life().who, "");
}

TEST_F(Causes, WhatWasSaidLastCounts) {
  fail("a");
  fail("b");
  ASSERT_TRUE(say(CauseAct::take, "b", ""));
  EXPECT_EQ(in_words(life()), "taken by ann");
  ASSERT_TRUE(say(CauseAct::resolve, "a"));
  EXPECT_EQ(life().state, CauseState::resolved);
  EXPECT_EQ(life().why, "the queue is bound");
  ASSERT_TRUE(say(CauseAct::reopen, "a", ""));
  EXPECT_EQ(life().state, CauseState::open);
  EXPECT_EQ(life().who, "ann");
  const auto log = list_operations(*store, {}).value();
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(act_of(log.front().order), "reopen");
  EXPECT_TRUE(log.front().is_over());
}

TEST_F(Causes, ACauseThatFailsAgainAfterItWasResolvedHasReturned) {
  fail("a");
  ASSERT_TRUE(say(CauseAct::resolve, "a"));
  auto groups = store->failed_groups({}).value();
  const auto book = CauseBook::read(*store).value();
  EXPECT_EQ(book.life_of(groups.front()).state, CauseState::resolved);
  groups.front().last_ms = book.life_of(groups.front()).since_ms + 1;
  EXPECT_EQ(book.life_of(groups.front()).state, CauseState::returned);
  groups.front().reason = "rejected";
  EXPECT_EQ(book.life_of(groups.front()).state, CauseState::open) << "another cause";
}

TEST_F(Causes, NothingIsSaidWithoutAFailedMessageOrAReason) {
  fail("a");
  EXPECT_EQ(say(CauseAct::take, "none").error().code(), ErrorCode::not_found);
  EXPECT_EQ(say(CauseAct::resolve, "a", "").error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(say_of_cause(*store, {CauseAct::take, "a", {"bills.*"}, "ann", "", "test"}).error().code(),
            ErrorCode::not_found);
  EXPECT_TRUE(list_operations(*store, {})->empty());
}

}  // namespace
}  // namespace waybill::admin
