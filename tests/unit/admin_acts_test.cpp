// What a person does to one route or one message.

#include <atomic>
#include <thread>

#include "admin/edit.hpp"
#include "admin/operation.hpp"
#include "admin/operation_runner.hpp"
#include "admin/pause.hpp"
#include "admin/status.hpp"
#include "admin_store.hpp"

namespace waybill::admin {
namespace {

class Acts : public AdminStore {
 protected:
  std::vector<Operation> recorded() {
    auto found = list_operations(*store, {});
    EXPECT_TRUE(found) << found.error().message();
    return found ? *found : std::vector<Operation>{};
  }

  std::vector<store::Troubled> in_state(const std::string& state) {
    store::FailedFilter filter;
    filter.state = state;
    return store->troubled(filter).value();
  }

  /// What is in the outbox, fetched as a relay does.
  std::vector<Message> waiting() {
    auto lane = store->acquire(0, "test:2").value();
    std::vector<Message> messages;
    const auto fetched = lane->fetch({}).value();
    for (const auto& claimed : fetched.messages) messages.push_back(*claimed.message);
    return messages;
  }

  static Edit edit_of(const std::string& id) {
    Edit edit;
    edit.id = id;
    edit.who = "alice";
    edit.why = "wrong topic";
    edit.from = "test";
    return edit;
  }
};

TEST_F(Acts, APausedRouteIsKeptInTheStoreAndInTheAuditLog) {
  const RouteAct act{"orders.*", "alice", "maintenance", "test"};
  ASSERT_TRUE(pause_route(*store, config, act));
  const auto pauses = store->pauses().value();
  ASSERT_EQ(pauses.size(), 1U);
  EXPECT_EQ(pauses.front().in_words(), "paused by alice: maintenance");
  EXPECT_EQ(pause_route(*store, config, act).error().code(), ErrorCode::refused);
  ASSERT_TRUE(resume_route(*store, {"orders.*", "bob", "", "test"}));
  EXPECT_EQ(resume_route(*store, act).error().code(), ErrorCode::not_found);
  const auto log = recorded();
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(act_of(log[0].order) + " " + log[0].order.who, "resume bob");
  EXPECT_EQ(act_of(log[1].order) + " " + log[1].order.who + " " + log[1].order.why, "pause alice maintenance");
  EXPECT_EQ(log[1].order.filters.front().topic, "orders.*");
  EXPECT_TRUE(log[0].is_over() && log[1].is_over());
}

TEST_F(Acts, PausingNamesWhatIsWrong) {
  EXPECT_EQ(pause_route(*store, config, {"orders.*", "alice", "", "test"}).error().code(), ErrorCode::invalid_argument);
  const auto unknown = pause_route(*store, config, {"order.*", "alice", "why", "test"});
  EXPECT_EQ(unknown.error().code(), ErrorCode::not_found);
  EXPECT_NE(unknown.error().message().find("did you mean 'orders.*'?"), std::string::npos);
}

TEST_F(Acts, StatusShowsAPauseWithoutARelay) {
  ASSERT_TRUE(pause_route(*store, config, {"orders.*", "alice", "maintenance", "test"}));
  std::vector<std::unique_ptr<store::Store>> stores;
  stores.push_back(std::move(store));
  const auto json = status_json(read_status(config, stores));
  EXPECT_EQ(json["routes"][0]["state"], "paused");
  EXPECT_EQ(json["routes"][0]["detail"], "paused by alice: maintenance, and no relay is running");
  EXPECT_EQ(json["stores"][0]["paused"][0]["who"], "alice");
}

TEST_F(Acts, AnEditedMessageIsANewOneThatRemembersItsOrigin) {
  persist("old");
  settle_all(store::Verdict::failed, "rejected");
  auto edit = edit_of("old");
  edit.topic = "orders.b";
  edit.key = "17";
  edit.payload = "fine";
  edit.headers = Headers{{"colour", "red"}};
  const auto id = send_edited(*store, config, edit);
  ASSERT_TRUE(id) << id.error().message();
  EXPECT_NE(id->str(), "old");
  const auto sent = waiting();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].id, *id);
  EXPECT_EQ(sent[0].topic.str() + " " + sent[0].key->str() + " " + sent[0].payload, "orders.b 17 fine");
  EXPECT_EQ(sent[0].headers, (Headers{{"colour", "red"}, {"waybill-origin", "old"}}));
  const auto old = store->locate(MessageId("old")).value();
  EXPECT_EQ(old.troubled->state, "dropped");
  EXPECT_EQ(old.history.back().answer, "edited, sent as " + id->str() + ": wrong topic");
  const auto log = recorded();
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(act_of(log[0].order) + " " + log[0].order.who, "edit alice");
  EXPECT_EQ(log[0].progress.state, OperationState::done);
  EXPECT_EQ(store->operation_results(log[0].id, 0, 10).value().front().result, "sent as " + id->str());
}

TEST_F(Acts, WhatIsNotEditedStays) {
  persist("old");
  settle_all(store::Verdict::failed, "rejected");
  ASSERT_TRUE(send_edited(*store, config, edit_of("old")));
  const auto sent = waiting();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].topic.str(), "orders.a");
  EXPECT_EQ(sent[0].payload, std::string("\0\xff", 2));
}

TEST_F(Acts, AnEditThatCannotGoChangesNothing) {
  persist("old");
  settle_all(store::Verdict::failed, "rejected");
  auto nowhere = edit_of("old");
  nowhere.topic = "payments.made";
  EXPECT_EQ(send_edited(*store, config, nowhere).error().code(), ErrorCode::invalid_argument);
  auto large = edit_of("old");
  large.payload = std::string((1u << 20) + 1, 'x');
  EXPECT_EQ(send_edited(*store, config, large).error().code(), ErrorCode::invalid_argument);
  auto unreasoned = edit_of("old");
  unreasoned.why.clear();
  EXPECT_EQ(send_edited(*store, config, unreasoned).error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(send_edited(*store, config, edit_of("none")).error().code(), ErrorCode::not_found);
  EXPECT_EQ(in_state("failed").size(), 1U);
  EXPECT_TRUE(recorded().empty());
  EXPECT_TRUE(waiting().empty());
}

TEST_F(Acts, OfManyWhoEditOneMessageOneSendsIt) {
  persist("old");
  settle_all(store::Verdict::failed, "rejected");
  std::atomic<int> sent{0}, refused{0};
  std::vector<std::thread> people;
  for (int person = 0; person < 8; ++person) {
    people.emplace_back([&] {
      const auto id = send_edited(*store, config, edit_of("old"));
      if (id) {
        ++sent;
      } else if (id.error().code() == ErrorCode::refused) {
        ++refused;
      }
    });
  }
  for (auto& person : people) person.join();
  EXPECT_EQ(sent, 1);
  EXPECT_EQ(refused, 7);
  EXPECT_EQ(waiting().size(), 1U);
}

TEST_F(Acts, NobodyRunsAnActAsIfItWereABulkAct) {
  ASSERT_TRUE(pause_route(*store, config, {"orders.*", "alice", "maintenance", "test"}));
  auto stored = store->operations({}).value().front();
  const auto at = stored.document.find("\"done\"");
  stored.document.replace(at, 6, "\"waiting\"");
  ASSERT_TRUE(store->change_operation(stored.id, 2, stored.document, {}).value());
  const auto read = read_operation(*store, stored.id).value();
  EXPECT_EQ(act_of(read.order), "pause");
  EXPECT_FALSE(may_be_taken(read));
}

}  // namespace
}  // namespace waybill::admin
