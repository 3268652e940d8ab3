#include "admin/failed.hpp"
#include "admin_store.hpp"

namespace waybill::admin {
namespace {

class Failed : public AdminStore {
 protected:
  BulkPlan plan(BulkAct act) {
    const store::FailedFilter everything;
    auto planned = plan_bulk(*store, config, {&everything, 1}, act, {}, {});
    EXPECT_TRUE(planned) << planned.error().message();
    return *planned;
  }
  std::uint64_t perform(BulkAct act) {
    store::FailedFilter filter;
    filter.state = state_before(act);
    auto found = store->troubled(filter);
    EXPECT_TRUE(found);
    std::vector<store::Ticket> tickets;
    for (const auto& one : *found) tickets.push_back(one.ticket);
    auto changed = perform_bulk(*store, tickets, act, "me@here", "test");
    EXPECT_TRUE(changed) << changed.error().message();
    return *changed;
  }
};

TEST_F(Failed, PlanSaysHowManyWhereToAndWhatCannotGo) {
  persist("a");
  persist("b");
  persist("lonely", "payments.made");
  settle_all(store::Verdict::failed, "unroutable");
  const auto planned = plan(BulkAct::resend);
  EXPECT_EQ(planned.count, 2U);
  EXPECT_EQ(planned.destinations.at("broker main, exchange 'shop'"), 2U);
  EXPECT_EQ(planned.hopeless.at("no route matches topic 'payments.made'"), 1U);
  EXPECT_EQ(store->counts()->failed, 3U) << "a plan changes nothing";
}

TEST_F(Failed, DropAndRestoreUndoEachOther) {
  persist("a");
  settle_all(store::Verdict::failed, "rejected");
  EXPECT_EQ(perform(BulkAct::drop), 1U);
  EXPECT_EQ(store->counts()->failed, 0U);
  EXPECT_EQ(plan(BulkAct::resend).count, 0U);
  EXPECT_EQ(perform(BulkAct::restore), 1U);
  EXPECT_EQ(store->counts()->failed, 1U);
}

TEST_F(Failed, ResendMakesThemSendingAgain) {
  persist("a");
  settle_all(store::Verdict::failed, "rejected");
  EXPECT_EQ(perform(BulkAct::resend), 1U);
  EXPECT_EQ(store->counts()->failed, 0U);
  EXPECT_EQ(store->counts()->sending, 1U);
}

TEST_F(Failed, MalformedMessagesAreNotSentAgain) {
  persist("a");
  settle_all(store::Verdict::failed, "malformed");
  EXPECT_EQ(plan(BulkAct::resend).count, 0U);
  EXPECT_EQ(plan(BulkAct::drop).count, 1U);
}

TEST_F(Failed, BinaryPayloadIsShownAsBase64) {
  persist("a");
  settle_all(store::Verdict::failed, "rejected");
  auto found = store->locate(MessageId("a"));
  ASSERT_TRUE(found && found->troubled);
  const auto json = troubled_json(*found->troubled, true);
  EXPECT_EQ(json["payload_base64"], "AP8=");
  EXPECT_FALSE(json.contains("payload"));
  EXPECT_FALSE(troubled_json(*found->troubled, false).contains("payload_base64"));
}

}  // namespace
}  // namespace waybill::admin
