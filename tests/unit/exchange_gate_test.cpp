#include "broker/rabbitmq/exchange_gate.hpp"

#include <gtest/gtest.h>

namespace waybill::broker::rabbitmq {
namespace {

using Answer = ExchangeGate::Answer;
using std::chrono::seconds;

TEST(ExchangeGate, AsksOnceThenLetsThrough) {
  ExchangeGate gate;
  const MonoTime now{};
  EXPECT_EQ(gate.enter("shop", now), Answer::wait);
  EXPECT_EQ(gate.enter("shop", now), Answer::wait);
  EXPECT_EQ(gate.next_question(), "shop");
  EXPECT_EQ(gate.next_question(), std::nullopt);
  gate.found("shop");
  EXPECT_EQ(gate.enter("shop", now), Answer::open);
}

TEST(ExchangeGate, TheDefaultExchangeIsNeverAskedFor) {
  ExchangeGate gate;
  EXPECT_EQ(gate.enter("", MonoTime{}), Answer::open);
  EXPECT_EQ(gate.next_question(), std::nullopt);
}

TEST(ExchangeGate, ARefusedDefaultExchangeIsTriedAgainWithDoublingPauses) {
  ExchangeGate gate;
  MonoTime now{};
  for (const int pause : {1, 2, 4}) {
    gate.fault("", "403", now);
    EXPECT_EQ(gate.enter("", now + seconds{pause} - Duration{1}), Answer::refused);
    EXPECT_EQ(gate.words(""), "403");
    now += seconds{pause};
    EXPECT_EQ(gate.enter("", now), Answer::open);
    EXPECT_EQ(gate.next_question(), std::nullopt);
  }
}

TEST(ExchangeGate, AMissingOneIsAskedForAgainWithDoublingPauses) {
  ExchangeGate gate;
  MonoTime now{};
  gate.enter("gone", now);
  gate.next_question();
  for (const int pause : {1, 2, 4, 8, 16, 30, 30}) {
    gate.fault("gone", "404", now);
    EXPECT_EQ(gate.words("gone"), "404");
    EXPECT_EQ(gate.enter("gone", now + seconds{pause} - Duration{1}), Answer::refused);
    now += seconds{pause};
    EXPECT_EQ(gate.enter("gone", now), Answer::wait);
    EXPECT_EQ(gate.next_question(), "gone");
  }
}

TEST(ExchangeGate, AClosedChannelPutsInDoubtWhatWasThereAndKeepsTheQuestions) {
  ExchangeGate gate;
  const MonoTime now{};
  gate.enter("there", now);
  gate.next_question();
  gate.found("there");
  gate.enter("asked", now);
  gate.doubt();
  EXPECT_EQ(gate.enter("there", now), Answer::wait);
  EXPECT_EQ(gate.next_question(), "asked");
  EXPECT_EQ(gate.next_question(), "there");
}

TEST(ExchangeGate, ANewConnectionAsksAgainButRemembersFaults) {
  ExchangeGate gate;
  const MonoTime now{};
  gate.enter("there", now);
  gate.found("there");
  gate.enter("gone", now);
  gate.fault("gone", "404", now);
  gate.forget();
  EXPECT_EQ(gate.next_question(), std::nullopt);
  EXPECT_EQ(gate.enter("there", now), Answer::wait);
  EXPECT_EQ(gate.enter("gone", now), Answer::refused);
}

TEST(ExchangeGate, RemembersABoundedNumberWhateverTheyTurnOutToBe) {
  ExchangeGate gate;
  const MonoTime now{};
  for (int number = 0; number < 50'000; ++number) {
    const std::string name = "exchange-" + std::to_string(number);
    gate.enter(name, now);
    gate.next_question();
    if (number % 3 == 0) gate.found(name);
    if (number % 3 == 1) gate.fault(name, "404", now);
    if (number % 3 == 2) gate.forget();
    ASSERT_LE(gate.remembered(), 4096U);
  }
}

TEST(ExchangeGate, ForgetsNoneThatIsBeingAskedFor) {
  ExchangeGate gate;
  const MonoTime now{};
  const int many = 10'000;
  for (int number = 0; number < many; ++number) gate.enter("exchange-" + std::to_string(number), now);
  for (int number = 0; number < many; ++number) {
    const std::string name = "exchange-" + std::to_string(number);
    ASSERT_EQ(gate.enter(name, now), Answer::wait);
    ASSERT_EQ(gate.next_question(), name);
  }
  EXPECT_EQ(gate.next_question(), std::nullopt) << "each is asked for once";
}

}  // namespace
}  // namespace waybill::broker::rabbitmq
