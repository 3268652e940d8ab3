// Faults 10-14 and 17 against a broker that says what the test wants: hostile, broken or just unlucky, it must neither
// crash the publisher nor turn a doubt into a confirm.

#include <atomic>

#include "hostile_broker.hpp"

namespace waybill::testing {
namespace {

using broker::DownCause;
using broker::OutcomeKind;
using State = Recorder::State;

TEST_F(HostileBroker, Case10SilentBrokerAliveConnectionNothingIsSettledOrSentAgain) {
  std::atomic<int> arrived{0};
  fake_.script([&](Peer& peer, const Published&) {
    peer.heartbeat();
    ++arrived;
  });
  open_up(std::chrono::seconds{1});
  publish(1, 100);
  ASSERT_TRUE(recorder_.await([&](const State&) { return true; }));
  // Three times the heartbeat: the broker stays alive by its own heartbeats and says nothing about the messages.
  const Deadline deadline = Deadline::after(std::chrono::seconds{3});
  while (!deadline.passed()) {
    fake_.act([](Peer& peer) { peer.heartbeat(); });
    ASSERT_FALSE(recorder_.await([](const State& state) { return !state.outcomes.empty() || !state.downs.empty(); },
                                 std::chrono::seconds{1}));
  }
  EXPECT_EQ(arrived, 100);
  fake_.act([](Peer& peer) { peer.ack(100, true); });
  ASSERT_TRUE(recorder_.await_outcomes(100));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 100U);
  EXPECT_EQ(fake_.connections(), 1);
}

TEST_F(HostileBroker, Case10SilentPortCountsAsUnreachableAndNothingIsSent) {
  fake_.silent(true);
  open();
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs.front().first, DownCause::unreachable);
  publish(1, 3);
  ASSERT_TRUE(recorder_.await_outcomes(3));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::unsent), 3U);
}

TEST_F(HostileBroker, Case10MissedHeartbeatsPutWhatIsInFlightInDoubt) {
  fake_.script([](Peer&, const Published&) {});
  open_up(std::chrono::seconds{1});
  publish(1, 5);
  ASSERT_TRUE(recorder_.await_outcomes(5));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::in_doubt), 5U);
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs.front().first, DownCause::lost);
}

TEST_F(HostileBroker, Case11BlockedStopsHandingOverAndRecovers) {
  open_up();
  fake_.act([](Peer& peer) { peer.block("low on disk"); });
  ASSERT_TRUE(recorder_.await([](const State& state) { return state.blocked; }));
  publish(1, 10);
  EXPECT_FALSE(recorder_.await([](const State& state) { return !state.outcomes.empty(); }, std::chrono::seconds{1}));
  EXPECT_TRUE(fake_.published().empty());
  fake_.act([](Peer& peer) { peer.unblock(); });
  ASSERT_TRUE(recorder_.await_outcomes(10));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 10U);
  EXPECT_FALSE(recorder_.state().blocked);
}

TEST_F(HostileBroker, Case12MultipleAckSettlesEverythingOutstandingOnce) {
  when_arrived(1000, [](Peer& peer, const Published&) {
    peer.ack(500);
    peer.ack(1000, true);
  });
  open_up();
  publish(1, 1000);
  ASSERT_TRUE(recorder_.await_outcomes(1000));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 1000U);
}

TEST_F(HostileBroker, Case12MultipleNackLeavesWhatWasAckedBefore) {
  when_arrived(10, [](Peer& peer, const Published&) {
    peer.ack(3);
    peer.ack(7);
    peer.nack(9, true);
    peer.ack(10);
  });
  open_up();
  publish(1, 10);
  ASSERT_TRUE(recorder_.await_outcomes(10));
  const State state = recorder_.state();
  EXPECT_EQ(state.count(OutcomeKind::confirmed), 3U);
  EXPECT_EQ(state.count(OutcomeKind::rejected), 7U);
  for (const std::uint64_t tag : {3U, 7U, 10U}) EXPECT_EQ(state.outcomes.at(tag).kind, OutcomeKind::confirmed) << tag;
}

TEST_F(HostileBroker, Case13AckForATagNeverUsed) {
  when_arrived(10, [](Peer& peer, const Published&) { peer.ack(11); });
  open_up();
  publish(1, 10);
  expect_dropped_in_doubt(10);
}

TEST_F(HostileBroker, Case13AckForTagZero) {
  when_arrived(10, [](Peer& peer, const Published&) { peer.ack(0, true); });
  open_up();
  publish(1, 10);
  expect_dropped_in_doubt(10);
}

TEST_F(HostileBroker, Case13AckTwice) {
  when_arrived(10, [](Peer& peer, const Published&) {
    peer.ack(5);
    peer.ack(5);
  });
  open_up();
  publish(1, 10);
  expect_dropped_in_doubt(9);
  EXPECT_EQ(recorder_.outcome(5).kind, OutcomeKind::confirmed);
}

TEST_F(HostileBroker, Case13AckForAMessageThatHasNotLeftIsNoConfirm) {
  fake_.script([](Peer& peer, const Published&) { peer.read(false); });
  open_up();
  publish(1, 1);
  ASSERT_TRUE(wait_until([&] { return !fake_.published().empty(); }));
  // More than the sockets hold: the last one, and the end of the one before, stay here.
  std::vector<broker::Outgoing> large;
  for (std::uint64_t tag = 2; tag <= 3; ++tag) {
    large.push_back(outgoing(tag, "shop", "key", std::string(32 << 20, 'x')));
  }
  publisher_->publish(std::move(large));
  // A blocked flag that comes back tells that the publisher has taken them over and read on.
  fake_.act([](Peer& peer) { peer.block("so that it is seen"); });
  ASSERT_TRUE(recorder_.await([](const State& state) { return state.blocked; }));
  fake_.act([](Peer& peer) { peer.ack(2, true); });
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs.front().first, DownCause::lost);
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 0U);
}

TEST_F(HostileBroker, Case14ReturnThenAckIsUnroutableAndMatchesTheVeryMessage) {
  fake_.script([](Peer& peer, const Published& message) {
    if (message.tag == 2) peer.give_back(message);
    peer.ack(message.tag);
  });
  open_up();
  publish(1, 3);
  ASSERT_TRUE(recorder_.await_outcomes(3));
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::confirmed);
  EXPECT_EQ(recorder_.outcome(2).kind, OutcomeKind::unroutable);
  EXPECT_EQ(recorder_.outcome(2).answer, "312 NO_ROUTE");
  EXPECT_EQ(recorder_.outcome(3).kind, OutcomeKind::confirmed);
}

TEST_F(HostileBroker, Case14AnotherChannelMayInterruptAReturnedMessage) {
  when_arrived(1, [](Peer& peer, const Published& message) {
    peer.give_back(message, [&] { peer.block("in the middle"); });
    peer.ack(message.tag);
  });
  open_up();
  publish(1, 1);
  ASSERT_TRUE(recorder_.await_outcomes(1));
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::unroutable);
  ASSERT_TRUE(recorder_.await([](const State& state) { return state.blocked; }));
}

TEST_F(HostileBroker, Case14ItsOwnChannelMayNotInterruptAReturnedMessage) {
  when_arrived(1,
               [](Peer& peer, const Published& message) { peer.give_back(message, [&] { peer.ack(message.tag); }); });
  open_up();
  publish(1, 1);
  expect_dropped_in_doubt(1);
}

TEST_F(HostileBroker, Case14ReturnOfWhatIsNotInFlight) {
  when_arrived(3, [](Peer& peer, const Published& message) {
    Published other = message;
    other.id = "somebody else's";
    peer.give_back(other);
    peer.ack(3, true);
  });
  open_up();
  publish(1, 3);
  expect_dropped_in_doubt(3);
}

TEST_F(HostileBroker, Case14ReturnedThenCutIsStillUnroutable) {
  when_arrived(2, [](Peer& peer, const Published& message) {
    peer.give_back(message);
    peer.close_connection(320, "CONNECTION_FORCED - broker shut down");
  });
  open_up();
  publish(1, 2);
  ASSERT_TRUE(recorder_.await_outcomes(2));
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::in_doubt);
  EXPECT_EQ(recorder_.outcome(2).kind, OutcomeKind::unroutable);
}

TEST_F(HostileBroker, OrderlyCloseIsNobodysFault) {
  when_arrived(2, [](Peer& peer, const Published&) { peer.close_connection(320, "CONNECTION_FORCED - shutdown"); });
  open_up();
  publish(1, 2);
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs.front().first, DownCause::closed);
  EXPECT_EQ(recorder_.state().count(OutcomeKind::in_doubt), 2U);
}

TEST_F(HostileBroker, ErrorOnTheConnectionBlamesWhatWasSent) {
  when_arrived(2, [](Peer& peer, const Published&) { peer.close_connection(501, "FRAME_ERROR - bad"); });
  open_up();
  publish(1, 2);
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs.front(), std::pair(DownCause::protocol, std::string("501 FRAME_ERROR - bad")));
}

TEST_F(HostileBroker, ErrorOnTheChannelBlamesWhatWasSent) {
  when_arrived(1, [](Peer& peer, const Published&) { peer.close_channel(406, "PRECONDITION_FAILED - too large"); });
  open_up();
  publish(1, 1);
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs.front().first, DownCause::protocol);
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::in_doubt);
  EXPECT_TRUE(recorder_.await_up(2));
}

TEST_F(HostileBroker, OversizedFrameEndsTheConnection) {
  when_arrived(1, [](Peer& peer, const Published&) { peer.raw(std::string("\x01\x00\x01\x7f\xff\xff\xff", 7)); });
  open_up();
  publish(1, 1);
  ASSERT_TRUE(recorder_.await_outcomes(1));
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::in_doubt);
  EXPECT_TRUE(recorder_.await_up(2));
}

TEST_F(HostileBroker, GarbageEndsTheConnection) {
  when_arrived(1, [](Peer& peer, const Published&) { peer.raw("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  open_up();
  publish(1, 1);
  ASSERT_TRUE(recorder_.await_outcomes(1));
  EXPECT_EQ(recorder_.outcome(1).kind, OutcomeKind::in_doubt);
  EXPECT_TRUE(recorder_.await_up(2));
}

TEST_F(HostileBroker, ConfirmsAreReadWhileTheBrokerHasStoppedReading) {
  fake_.script([](Peer& peer, const Published& message) {
    if (message.tag == 1) peer.read(false);
  });
  open_up();
  publisher_->publish({outgoing(1, "shop", "key")});
  ASSERT_TRUE(recorder_.await([&](const State&) { return true; }));
  // Far more than the socket's buffers hold: the rest waits in the publisher.
  std::vector<broker::Outgoing> large;
  for (std::uint64_t tag = 2; tag <= 9; ++tag) large.push_back(outgoing(tag, "shop", "key", std::string(4 << 20, 'x')));
  const Deadline deadline = Deadline::after(std::chrono::seconds{10});
  while (fake_.published().empty() && !deadline.passed()) std::this_thread::yield();
  publisher_->publish(std::move(large));
  fake_.act([](Peer& peer) { peer.ack(1); });
  ASSERT_TRUE(recorder_.await_outcomes(1)) << "the confirm must come through";
  fake_.script([](Peer& peer, const Published& message) { peer.ack(message.tag); });
  fake_.act([](Peer& peer) { peer.read(true); });
  ASSERT_TRUE(recorder_.await_outcomes(9));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::confirmed), 9U);
}

TEST_F(HostileBroker, ABrokerThatAsksAndNeverReadsTheAnswersIsDropped) {
  open_up();
  fake_.act([](Peer& peer) {
    peer.read(false);
    peer.flow(3'000'000);
  });
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  EXPECT_EQ(recorder_.state().downs.front().first, DownCause::lost);
  EXPECT_NE(recorder_.state().downs.front().second.find("broke the protocol"), std::string::npos);
  EXPECT_TRUE(recorder_.await_up(2));
}

TEST_F(HostileBroker, RefusedLoginNamesTheUserAndNeverThePassword) {
  fake_.refuse_logins(true);
  open();
  ASSERT_TRUE(recorder_.await([](const State& state) { return !state.downs.empty(); }));
  const auto [cause, reason] = recorder_.state().downs.front();
  EXPECT_EQ(cause, DownCause::unreachable);
  EXPECT_NE(reason.find("ACCESS_REFUSED"), std::string::npos) << reason;
  EXPECT_NE(reason.find("'user'"), std::string::npos) << reason;
  EXPECT_EQ(reason.find("'word'"), std::string::npos) << reason;
}

TEST_F(HostileBroker, StopGivesEveryMessageItsOutcome) {
  fake_.script([](Peer&, const Published&) {});
  open_up();
  publish(1, 50);
  const Deadline deadline = Deadline::after(std::chrono::seconds{10});
  while (fake_.published().size() < 50 && !deadline.passed()) std::this_thread::yield();
  publisher_->stop(Deadline::after(std::chrono::seconds{1}));
  EXPECT_EQ(recorder_.state().count(OutcomeKind::in_doubt), 50U);
}

}  // namespace
}  // namespace waybill::testing
