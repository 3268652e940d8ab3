// Bulk acts: each message once, whoever dies, and stopped when it should be.

#include <gmock/gmock.h>

#include <map>
#include <thread>

#include "admin/operation.hpp"
#include "admin/operation_keeper.hpp"
#include "admin/operation_runner.hpp"
#include "admin/stores.hpp"
#include "admin_store.hpp"

namespace waybill::admin {
namespace {

class Operations : public AdminStore {
 protected:
  void fail_some(int count, const std::string& topic = "orders.a") {
    constexpr int at_once = 500;  // a lane hands out no more
    for (; count > 0; count -= at_once) {
      for (int n = 0; n < std::min(count, at_once); ++n) persist("m" + std::to_string(made_++), topic);
      settle_all(store::Verdict::failed, "rejected");
    }
  }

  OperationOrder order(BulkAct act = BulkAct::resend) {
    OperationOrder made;
    made.act = act;
    made.filters = {{}};
    made.who = "ann";
    made.why = "the queue is back";
    made.through = store::Ticket{UINT64_MAX};
    return made;
  }

  Operation add(const OperationOrder& order) {
    auto added = add_operation(*store, order, 1);
    EXPECT_TRUE(added) << added.error().message();
    return *added;
  }

  Operation run(const std::string& id, const std::function<void(const Operation&)>& told = {},
                const std::string& runner = "here:1") {
    auto ended = run_operation(*store, id, {config, runner, {}, told});
    EXPECT_TRUE(ended) << ended.error().message();
    return *ended;
  }

  std::map<std::string, std::string> results(const std::string& id) {
    auto found = store->operation_results(id, 0, 100'000);
    EXPECT_TRUE(found);
    std::map<std::string, std::string> all;
    for (std::size_t i = 0; i < found->size(); ++i) {
      EXPECT_EQ((*found)[i].number, i + 1);
      EXPECT_TRUE(all.emplace((*found)[i].message_id, (*found)[i].result).second) << "twice";
    }
    return all;
  }

  /// What a relay would do with everything that is due.
  void answer_due(store::Verdict verdict) {
    auto lane = store->acquire(0, "relay:1");
    ASSERT_TRUE(lane);
    auto due = (*lane)->due(LaneTime{1'000'000'000}, {});
    ASSERT_TRUE(due);
    store::SettleBatch batch;
    for (const auto& claimed : due->messages) {
      store::Settlement settlement;
      settlement.ticket = claimed.ticket;
      settlement.origin = claimed.origin;
      settlement.verdict = verdict;
      settlement.attempt = claimed.attempt;
      settlement.tries = 4;
      settlement.route = "orders.*";
      settlement.reason = "rejected";
      batch.messages.push_back(settlement);
    }
    batch.clean_stop = true;
    ASSERT_TRUE((*lane)->settle(batch));
  }

  int made_ = 0;
};

TEST_F(Operations, EachMessageHasItsResultAndTheReasonInItsHistory) {
  fail_some(3);
  const auto ended = run(add(order()).id);
  EXPECT_EQ(ended.progress.state, OperationState::done);
  EXPECT_EQ(ended.progress.changed, 3U);
  EXPECT_EQ(ended.progress.looked_at, 3U);
  EXPECT_THAT(results(ended.id), testing::ElementsAre(testing::Pair("m0", "resent"), testing::Pair("m1", "resent"),
                                                      testing::Pair("m2", "resent")));
  EXPECT_EQ(store->counts()->failed, 0U);
  const auto history = store->locate(MessageId("m1"))->history;
  EXPECT_EQ(history.back().relay, "ann");
  EXPECT_EQ(history.back().answer, "operation " + ended.id + ": the queue is back");
}

TEST_F(Operations, AResendWaitsWhileAPersonHoldsItsRouteBack) {
  fail_some(600);
  auto made = order();
  made.rate = 0;
  const auto id = add(made).id;
  ASSERT_TRUE(store->pause({"orders.*", "alice", "maintenance", 0}).value());
  std::string note;
  const auto waits = [&] { return note.starts_with("waits"); };
  const auto told = [&](const Operation& now) { note = now.progress.note; };
  const auto handed_over = run_operation(*store, id, {config, "here:1", waits, told});
  ASSERT_TRUE(handed_over) << handed_over.error().message();
  EXPECT_EQ(note, "waits: route orders.* is paused by alice: maintenance");
  EXPECT_EQ(handed_over->progress.changed, 500U) << "the first slice, since nobody knew yet which route it takes";
  ASSERT_TRUE(store->resume("orders.*").value());
  EXPECT_EQ(run(id).progress.changed, 600U);
}

TEST_F(Operations, WhatIsStoredIsReadBack) {
  auto made = order(BulkAct::drop);
  store::FailedFilter filter;
  filter.topic = "orders.*";
  filter.key = "";
  filter.since_ms = 1'234'567;
  filter.id = "it's \"m\" 订单";
  made.filters = {filter, {}};
  made.steps = {1, 10};
  made.rate = 2.5;
  made.skip_consumed = true;
  const auto read = *operation_of({"id", 3, document_of(made, {}), 1, 2});
  EXPECT_EQ(read.order.act, BulkAct::drop);
  ASSERT_EQ(read.order.filters.size(), 2U);
  EXPECT_EQ(read.order.filters[0].key, "");
  EXPECT_EQ(read.order.filters[0].since_ms, 1'234'567);
  EXPECT_EQ(read.order.filters[0].id, filter.id);
  EXPECT_FALSE(read.order.filters[1].key);
  EXPECT_EQ(read.order.steps, made.steps);
  EXPECT_EQ(read.order.through, made.through);
  EXPECT_TRUE(read.order.skip_consumed);
  EXPECT_EQ(operation_of({"id", 1, "{}", 1, 2}).error().code(), ErrorCode::corrupt);
  EXPECT_EQ(operation_of({"id", 1, "no json", 1, 2}).error().code(), ErrorCode::corrupt);
}

TEST_F(Operations, WhatCannotGoIsLeftOutWithItsReason) {
  fail_some(1);
  fail_some(1, "payments.made");
  const auto ended = run(add(order()).id);
  EXPECT_EQ(ended.progress.changed, 1U);
  EXPECT_EQ(ended.progress.hopeless, 1U);
  EXPECT_EQ(results(ended.id).at("m1"), "cannot go: no route matches topic 'payments.made'");
  EXPECT_EQ(store->counts()->failed, 1U);
}

TEST_F(Operations, WhatFailsLaterIsNotItsOwn) {
  fail_some(2);
  auto made = order();
  made.through = plan_bulk(*store, config, made.filters, made.act, {}, {})->last;
  const auto added = add(made);
  fail_some(3);
  EXPECT_EQ(run(added.id).progress.changed, 2U);
  EXPECT_EQ(store->counts()->failed, 3U);
}

TEST_F(Operations, ManyInSlices) {
  fail_some(1234);
  const auto ended = run(add(order()).id);
  EXPECT_EQ(ended.progress.changed, 1234U);
  EXPECT_EQ(results(ended.id).size(), 1234U);
}

TEST_F(Operations, TwoRunnersAtOnceDoEachMessageOnce) {
  fail_some(900);
  auto made = order();
  made.rate = 20'000;
  const auto id = add(made).id;
  Operation first, second;
  std::thread one([&] { first = run(id, {}, "here:1"); });
  std::thread two([&] { second = run(id, {}, "there:2"); });
  one.join();
  two.join();
  const auto ended = *read_operation(*store, id);
  EXPECT_EQ(ended.progress.state, OperationState::done);
  EXPECT_EQ(ended.progress.changed, 900U);
  EXPECT_EQ(results(id).size(), 900U);
}

TEST_F(Operations, TwoOperationsOnTheSameMessagesDoEachOnce) {
  fail_some(700);
  const auto first = add(order()).id, second = add(order(BulkAct::drop)).id;
  std::thread one([&] { run(first, {}, "here:1"); });
  std::thread two([&] { run(second, {}, "here:2"); });
  one.join();
  two.join();
  const auto counts = *store->counts();
  EXPECT_EQ(counts.failed, 0U);
  EXPECT_EQ(read_operation(*store, first)->progress.changed, counts.sending);
}

TEST_F(Operations, WhatADeadRunnerHadInHandIsFoundOutAndNotDoneTwice) {
  fail_some(3);
  auto added = add(order());
  // It died after it had changed m0, and before it could say so; m0 has failed again meanwhile.
  const auto ticket = store->locate(MessageId("m0"))->troubled->ticket;
  ASSERT_EQ(*store->resend({&ticket, 1}, "ann", "operation " + added.id + ": the queue is back"), 1U);
  answer_due(store::Verdict::failed);
  added.progress.runner = "dead:1";
  added.progress.open = {"m0", "m1"};
  ASSERT_TRUE(*store->change_operation(added.id, 1, document_of(added.order, added.progress), {}));
  const auto ended = run(added.id);
  EXPECT_EQ(ended.progress.changed, 3U);
  EXPECT_EQ(results(added.id).size(), 3U);
  EXPECT_EQ(store->counts()->failed, 1U) << "m0 waits for a person again";
}

TEST_F(Operations, WhatSomebodyElseSentMeanwhileIsNotCountedAsItsOwn) {
  fail_some(3);
  bool done = false;
  const auto ended = run(add(order()).id, [&](const Operation& now) {
    if (now.progress.open.empty() || std::exchange(done, true)) return;
    const auto ticket = store->locate(MessageId("m1"))->troubled->ticket;
    EXPECT_EQ(*store->resend({&ticket, 1}, "bob", "by hand"), 1U);
    answer_due(store::Verdict::confirmed);
  });
  EXPECT_EQ(ended.progress.changed, 2U);
  EXPECT_EQ(ended.progress.left_alone, 1U);
  EXPECT_EQ(results(ended.id).at("m1"), "left alone: somebody else had changed it");
}

TEST_F(Operations, ARunnerThatLivesIsLeftAlone) {
  fail_some(1);
  auto added = add(order());
  added.progress.state = OperationState::running;
  added.progress.runner = "there:2";
  ASSERT_TRUE(*store->change_operation(added.id, 1, document_of(added.order, added.progress), {}));
  EXPECT_EQ(run(added.id).progress.state, OperationState::running);
  EXPECT_EQ(store->counts()->failed, 1U);
}

TEST_F(Operations, ItStopsWhenAskedTo) {
  fail_some(2000);
  bool asked = false;
  const auto ended = run(add(order()).id, [&](const Operation& now) {
    if (now.progress.looked_at == 0 || std::exchange(asked, true)) return;
    EXPECT_TRUE(stop_operation(*store, now.id, "bob"));
  });
  EXPECT_EQ(ended.progress.state, OperationState::stopped);
  EXPECT_EQ(ended.progress.stopped_by, "bob");
  EXPECT_LT(ended.progress.changed, 2000U);
  EXPECT_EQ(results(ended.id).size(), ended.progress.looked_at);
  EXPECT_EQ(stop_operation(*store, ended.id, "bob").error().code(), ErrorCode::refused);
}

TEST_F(Operations, OneThatNobodyWorksOnStopsAtOnce) {
  fail_some(1);
  const auto id = add(order()).id;
  EXPECT_EQ(stop_operation(*store, id, "bob")->progress.state, OperationState::stopped);
  EXPECT_EQ(run(id).progress.changed, 0U);
  EXPECT_EQ(stop_operation(*store, "none", "bob").error().code(), ErrorCode::not_found);
}

TEST_F(Operations, AStepWhoseMessagesFailAgainStopsIt) {
  fail_some(20);
  auto made = order();
  made.steps = {2, 5};
  const auto ended = run(add(made).id, [&](const Operation&) { answer_due(store::Verdict::failed); });
  EXPECT_EQ(ended.progress.state, OperationState::stopped);
  EXPECT_EQ(ended.progress.note, "stopped: 2 of 2 messages failed again");
  EXPECT_EQ(ended.progress.changed, 2U);
  EXPECT_EQ(ended.progress.failed_again, 2U);
}

TEST_F(Operations, StepsThatSucceedGoOnToTheRest) {
  fail_some(20);
  auto made = order();
  made.steps = {1, 3};
  const auto ended = run(add(made).id, [&](const Operation&) { answer_due(store::Verdict::confirmed); });
  EXPECT_EQ(ended.progress.state, OperationState::done);
  EXPECT_EQ(ended.progress.changed, 20U);
  EXPECT_EQ(ended.progress.step, 2U);
}

TEST_F(Operations, TheRateIsKept) {
  fail_some(30);
  auto made = order();
  made.rate = 100;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(run(add(made).id).progress.changed, 30U);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds{200});
}

TEST_F(Operations, ARelayTakesThoseThatNobodyWorksOn) {
  fail_some(5);
  const auto id = add(order()).id;
  auto stores = open_stores(config, "");
  ASSERT_TRUE(stores);
  OperationKeeper keeper(config, std::move(*stores), "relay:1", [](std::string_view, std::string_view) {});
  const auto deadline = Deadline::after(std::chrono::seconds{20});
  while (!read_operation(*store, id)->is_over() && !deadline.passed()) std::this_thread::yield();
  EXPECT_EQ(read_operation(*store, id)->progress.changed, 5U);
}

TEST_F(Operations, AnOrderThatNarrowsNothingNeedsAWord) {
  auto made = order();
  EXPECT_FALSE(check_order(made, false));
  EXPECT_TRUE(check_order(made, true));
  made.filters[0].topic = "orders.*";
  EXPECT_TRUE(check_order(made, false));
  made.rate = -1;
  EXPECT_FALSE(check_order(made, false));
  made.rate = 1;
  made.steps = {0};
  EXPECT_FALSE(check_order(made, false));
}

}  // namespace
}  // namespace waybill::admin
