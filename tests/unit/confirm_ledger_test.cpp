#include "broker/rabbitmq/confirm_ledger.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace waybill::broker::rabbitmq {
namespace {

Outgoing message(std::uint64_t tag) {
  auto content = std::make_shared<Message>();
  content->id = MessageId("id-" + std::to_string(tag));
  return {Tag{tag}, std::move(content), "shop", "key", 1, {}};
}

constexpr std::uint64_t everything = 1'000'000;  // has left

ConfirmLedger with(std::uint64_t count) {
  ConfirmLedger ledger;
  for (std::uint64_t tag = 1; tag <= count; ++tag) ledger.add(message(100 + tag), tag * 10, tag * 10 + 9);
  return ledger;
}

TEST(ConfirmLedger, SingleAndMultipleSettleEachMessageOnce) {
  ConfirmLedger ledger = with(5);
  std::vector<Outcome> outcomes;
  EXPECT_TRUE(ledger.settle(2, false, OutcomeKind::confirmed, everything, outcomes));
  EXPECT_TRUE(ledger.settle(4, true, OutcomeKind::rejected, everything, outcomes));
  ASSERT_EQ(outcomes.size(), 4U);
  EXPECT_EQ(outcomes[0].tag.value, 102U);
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::confirmed);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(outcomes[i].kind, OutcomeKind::rejected);
  EXPECT_FALSE(ledger.empty());
}

TEST(ConfirmLedger, AnswersToNothingOutstandingBreakTheProtocol) {
  ConfirmLedger ledger = with(3);
  std::vector<Outcome> outcomes;
  EXPECT_FALSE(ledger.settle(0, true, OutcomeKind::confirmed, everything, outcomes));
  EXPECT_FALSE(ledger.settle(4, true, OutcomeKind::confirmed, everything, outcomes));
  EXPECT_FALSE(ledger.settle(4, false, OutcomeKind::confirmed, everything, outcomes));
  EXPECT_TRUE(ledger.settle(2, false, OutcomeKind::confirmed, everything, outcomes));
  EXPECT_FALSE(ledger.settle(2, false, OutcomeKind::rejected, everything, outcomes));
  EXPECT_TRUE(ledger.settle(2, true, OutcomeKind::confirmed, everything, outcomes));
  EXPECT_FALSE(ledger.settle(2, true, OutcomeKind::confirmed, everything, outcomes));
  EXPECT_EQ(outcomes.size(), 2U);
}

TEST(ConfirmLedger, AnAnswerToWhatHasNotLeftWholeBreaksTheProtocol) {
  ConfirmLedger ledger = with(3);
  std::vector<Outcome> outcomes;
  EXPECT_FALSE(ledger.settle(2, false, OutcomeKind::confirmed, 28, outcomes)) << "its last byte is still here";
  EXPECT_FALSE(ledger.settle(3, true, OutcomeKind::rejected, 29, outcomes)) << "the last one has not begun to leave";
  EXPECT_FALSE(ledger.returned("id-102", "shop", "key", "312 NO_ROUTE", 28));
  EXPECT_TRUE(outcomes.empty());
  EXPECT_TRUE(ledger.settle(2, true, OutcomeKind::confirmed, 29, outcomes));
  EXPECT_EQ(outcomes.size(), 2U);
}

TEST(ConfirmLedger, AReturnedMessageIsUnroutableWhateverFollows) {
  ConfirmLedger ledger = with(2);
  std::vector<Outcome> outcomes;
  EXPECT_FALSE(ledger.returned("id-101", "other exchange", "key", "312 NO_ROUTE", everything));
  EXPECT_FALSE(ledger.returned("id-101", "shop", "other key", "312 NO_ROUTE", everything));
  EXPECT_TRUE(ledger.returned("id-101", "shop", "key", "312 NO_ROUTE", everything));
  EXPECT_FALSE(ledger.returned("id-101", "shop", "key", "312 NO_ROUTE", everything));
  EXPECT_TRUE(ledger.settle(1, false, OutcomeKind::confirmed, everything, outcomes));
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::unroutable);
  EXPECT_EQ(outcomes[0].answer, "312 NO_ROUTE");
}

TEST(ConfirmLedger, AbandonTellsWhatHadBegunToLeaveFromWhatHadNot) {
  ConfirmLedger ledger = with(3);
  std::vector<Outcome> outcomes;
  ledger.abandon(25, "connection lost", outcomes);
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::in_doubt);
  EXPECT_EQ(outcomes[1].kind, OutcomeKind::in_doubt);
  EXPECT_EQ(outcomes[2].kind, OutcomeKind::unsent);
  EXPECT_TRUE(ledger.empty());
}

TEST(ConfirmLedger, WhateverABrokerSaysEveryMessageHasOneOutcome) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::minstd_rand random(seed);
    ConfirmLedger ledger;
    std::vector<Outcome> outcomes;
    std::uint64_t last = 0;
    for (int step = 0; step < 300; ++step) {
      if (random() % 2 == 0) {
        ++last;
        ledger.add(message(last), last, last + 1);
      }
      const std::uint64_t tag = random() % (last + 3);
      const auto kind = random() % 4 == 0 ? OutcomeKind::rejected : OutcomeKind::confirmed;
      if (random() % 8 == 0) ledger.returned("id-" + std::to_string(tag), "shop", "key", "312 NO_ROUTE", everything);
      ledger.settle(tag, random() % 3 == 0, kind, everything, outcomes);
    }
    ledger.abandon(last / 2, "end", outcomes);
    std::set<std::uint64_t> seen;
    for (const Outcome& outcome : outcomes) EXPECT_TRUE(seen.insert(outcome.tag.value).second) << "seed " << seed;
    EXPECT_EQ(seen.size(), last) << "seed " << seed;
  }
}

}  // namespace
}  // namespace waybill::broker::rabbitmq
