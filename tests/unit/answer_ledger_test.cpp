#include "broker/rabbitmq/answer_ledger.hpp"

#include <gtest/gtest.h>

namespace waybill::broker::rabbitmq {
namespace {

AnswerLedger delivered(int count) {
  AnswerLedger ledger;
  for (int i = 0; i < count; ++i) ledger.delivered();
  return ledger;
}

TEST(AnswerLedger, ARunOfAcksLeavesAsOne) {
  AnswerLedger ledger = delivered(5);
  for (const std::uint64_t tag : {1U, 2U, 3U}) EXPECT_TRUE(ledger.ack(tag));
  const auto acks = ledger.take();
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_EQ(acks[0].tag, 3U);
  EXPECT_TRUE(acks[0].multiple);
  EXPECT_TRUE(ledger.take().empty());
}

TEST(AnswerLedger, OneAckDoesNotSpeakForOthers) {
  AnswerLedger ledger = delivered(5);
  ledger.ack(3);
  ledger.ack(5);
  const auto acks = ledger.take();
  ASSERT_EQ(acks.size(), 2U);
  for (const auto& ack : acks) EXPECT_FALSE(ack.multiple) << ack.tag;
}

TEST(AnswerLedger, MultipleNeverCoversWhatIsStillOpen) {
  AnswerLedger ledger = delivered(4);
  ledger.ack(1);
  ledger.ack(2);
  ledger.ack(4);
  const auto acks = ledger.take();
  ASSERT_EQ(acks.size(), 2U);
  EXPECT_EQ(acks[0].tag, 2U);
  EXPECT_TRUE(acks[0].multiple);
  EXPECT_EQ(acks[1].tag, 4U);
  EXPECT_FALSE(acks[1].multiple);
}

TEST(AnswerLedger, TheTagOfAMultipleIsNeverOneThatWasRejected) {
  AnswerLedger ledger = delivered(3);
  ledger.ack(1);
  ledger.ack(2);
  EXPECT_TRUE(ledger.reject(3));
  const auto acks = ledger.take();
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_EQ(acks[0].tag, 2U);
}

TEST(AnswerLedger, ASecondAnswerIsIgnored) {
  AnswerLedger ledger = delivered(2);
  EXPECT_TRUE(ledger.ack(1));
  EXPECT_FALSE(ledger.ack(1));
  ledger.take();
  EXPECT_FALSE(ledger.ack(1));
  EXPECT_FALSE(ledger.reject(1));
  EXPECT_FALSE(ledger.ack(0));
  EXPECT_FALSE(ledger.ack(3));
}

}  // namespace
}  // namespace waybill::broker::rabbitmq
