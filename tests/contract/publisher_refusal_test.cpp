// Fault 16 and its relatives: a broker that closes the channel because an exchange is missing, or because the user may
// not use it or one topic of it. Whose fault it is decides what waits, what fails and what goes on.

#include "hostile_broker.hpp"

namespace waybill::testing {
namespace {

using broker::DownCause;
using broker::OutcomeKind;
using State = Recorder::State;

constexpr const char* forbidden_topic =
    "ACCESS_REFUSED - access to topic 'secret' in exchange 'shop' in vhost '/' refused for user 'user'";

TEST_F(HostileBroker, Case16MissingExchangeIsAFaultOfTheRouteAndOthersPass) {
  fake_.missing("gone");
  open_up();
  publish(1, 499);
  publish(500, 500, "gone");
  publish(501, 1000);
  publish(1001, 1003, "gone");
  ASSERT_TRUE(recorder_.await_outcomes(1003));
  const State state = recorder_.state();
  EXPECT_EQ(state.count(OutcomeKind::confirmed), 999U);
  EXPECT_EQ(state.count(OutcomeKind::route_fault), 4U);
  EXPECT_NE(state.outcomes.at(500).answer.find("404 NOT_FOUND - no exchange 'gone'"), std::string::npos);
  EXPECT_TRUE(state.downs.empty());
}

TEST_F(HostileBroker, Case16ExchangeDeletedInMidFlightLeavesAllInDoubtOnTheSameConnection) {
  when_arrived(
      5, [](Peer& peer, const Published&) { peer.close_channel(404, "NOT_FOUND - no exchange 'shop' in vhost '/'"); });
  open_up();
  publish(1, 5);
  ASSERT_TRUE(recorder_.await_outcomes(5));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::in_doubt), 5U);
  fake_.script([](Peer& peer, const Published& message) { peer.ack(message.tag); });
  publish(6, 8);
  ASSERT_TRUE(recorder_.await_outcomes(8));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 3U);
  EXPECT_EQ(fake_.connections(), 1);
}

TEST_F(HostileBroker, ForbiddenExchangeIsAFaultOfTheRouteAfterTheFirstRefusal) {
  when_arrived(1, [](Peer& peer, const Published&) {
    peer.close_channel(403, "ACCESS_REFUSED - access to exchange 'shop' in vhost '/' refused for user 'user'");
  });
  open_up();
  publish(1, 1);
  ASSERT_TRUE(recorder_.await_outcomes(1));
  publish(2, 3);
  ASSERT_TRUE(recorder_.await_outcomes(3));
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::in_doubt);
  EXPECT_EQ(recorder_.state().count(OutcomeKind::route_fault), 2U);
}

TEST_F(HostileBroker, RefusedDefaultExchangeIsAFaultOfTheRouteAndNoLoop) {
  when_arrived(1, [](Peer& peer, const Published&) {
    peer.close_channel(403, "ACCESS_REFUSED - access to exchange 'amq.default' in vhost '/' refused for user 'user'");
  });
  open_up();
  publish(1, 2, "");
  ASSERT_TRUE(recorder_.await_outcomes(2));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::in_doubt), 2U);
  publish(3, 4, "");
  ASSERT_TRUE(recorder_.await_outcomes(4));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::route_fault), 2U);
  EXPECT_NE(recorder_.outcome(3).answer.find("'amq.default'"), std::string::npos);
  // Others go on, and it is tried again after a while.
  fake_.script([](Peer& peer, const Published& message) { peer.ack(message.tag); });
  publish(5, 5);
  ASSERT_TRUE(recorder_.await_outcomes(5));
  EXPECT_EQ(recorder_.outcome(5).kind, OutcomeKind::confirmed);
  std::uint64_t tag = 5;
  ASSERT_TRUE(wait_until([&] {
    ++tag;
    publish(tag, tag, "");
    return recorder_.await_outcomes(tag) && recorder_.outcome(tag).kind == OutcomeKind::confirmed;
  }));
  EXPECT_EQ(fake_.connections(), 1);
}

TEST_F(HostileBroker, AChannelThatClosesAgainWithNothingConfirmedEndsTheConnection) {
  fake_.script([](Peer& peer, const Published&) {
    peer.close_channel(404, "NOT_FOUND - no exchange 'shop' in vhost '/'");  // though it says that it is there
  });
  open_up();
  publish(1, 1);
  ASSERT_TRUE(recorder_.await_outcomes(1));
  publish(2, 2);
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs.front().first, DownCause::protocol);
  EXPECT_EQ(recorder_.state().count(OutcomeKind::in_doubt), 2U);
}

TEST_F(HostileBroker, ARefusalThatNamesNothingInFlightBlamesWhatWasSent) {
  when_arrived(1, [](Peer& peer, const Published&) {
    peer.close_channel(403, "ACCESS_REFUSED - access to exchange 'other' in vhost '/' refused for user 'user'");
  });
  open_up();
  publish(1, 1);
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs.front().first, DownCause::protocol);
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::in_doubt);
}

TEST_F(HostileBroker, ForbiddenTopicIsTheFaultOfTheOneMessageThatHasIt) {
  when_arrived(3, [](Peer& peer, const Published&) { peer.close_channel(403, forbidden_topic); });
  open_up();
  publish(1, 2);
  publisher_->publish({outgoing(3, "shop", "secret")});
  publish(4, 5);
  ASSERT_TRUE(recorder_.await_outcomes(5));
  const State state = recorder_.state();
  EXPECT_EQ(state.outcomes.at(3).kind, OutcomeKind::undeliverable);
  EXPECT_EQ(state.outcomes.at(3).answer, std::string("403 ") + forbidden_topic);
  for (const std::uint64_t tag : {1U, 2U, 4U, 5U}) EXPECT_NE(state.outcomes.at(tag).kind, OutcomeKind::undeliverable);
  fake_.script([](Peer& peer, const Published& message) { peer.ack(message.tag); });
  publish(6, 7);
  ASSERT_TRUE(recorder_.await_outcomes(7));
  EXPECT_EQ(recorder_.outcome(7).kind, OutcomeKind::confirmed) << "the exchange is not at fault";
  EXPECT_EQ(fake_.connections(), 1);
}

TEST_F(HostileBroker, ForbiddenTopicOfSeveralInFlightIsIsolatedFirst) {
  when_arrived(2, [](Peer& peer, const Published&) { peer.close_channel(403, forbidden_topic); });
  open_up();
  publisher_->publish({outgoing(1, "shop", "secret"), outgoing(2, "shop", "secret")});
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs.front().first, DownCause::protocol) << "the engine's window restarts at one";
  EXPECT_EQ(recorder_.state().count(OutcomeKind::in_doubt), 2U);
  ASSERT_TRUE(recorder_.await_up(2));
  when_arrived(1, [](Peer& peer, const Published&) { peer.close_channel(403, forbidden_topic); });
  publisher_->publish({outgoing(3, "shop", "secret")});
  ASSERT_TRUE(recorder_.await_outcomes(3));
  EXPECT_EQ(recorder_.outcome(3).kind, OutcomeKind::undeliverable);
}

}  // namespace
}  // namespace waybill::testing
