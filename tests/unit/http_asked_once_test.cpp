#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "http/asked_once.hpp"

namespace waybill::http {
namespace {

TEST(AskedOnce, AnswersAgainWithoutReading) {
  AskedOnce<int> asked;
  int reads = 0;
  const auto read = [&]() -> Result<int> { return ++reads; };
  const auto first = asked.ask("a", read);
  const auto again = asked.ask("a", read);
  EXPECT_EQ(*first->figures, 1);
  EXPECT_EQ(again, first);
  EXPECT_EQ(*asked.ask("b", read)->figures, 2) << "another question";
  EXPECT_EQ(reads, 2);
}

TEST(AskedOnce, ReadsOnceForAllWhoAskMeanwhile) {
  AskedOnce<int> asked;
  std::atomic<int> reads{0};
  std::latch all(8);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      all.arrive_and_wait();
      asked.ask("a", [&]() -> Result<int> { return ++reads; });
    });
  }
  threads.clear();
  EXPECT_EQ(reads, 1);
}

TEST(AskedOnce, GivesAnErrorToo) {
  AskedOnce<int> asked;
  const auto known = asked.ask("a", [&]() -> Result<int> { return Error(ErrorCode::unreachable, "away"); });
  ASSERT_FALSE(known->figures.ok());
  EXPECT_EQ(known->figures.error().message(), "away");
}

TEST(AskedOnce, QuestionsWithoutEndAreForgotten) {
  AskedOnce<int> asked;
  int reads = 0;
  const auto read = [&]() -> Result<int> { return ++reads; };
  for (int i = 0; i < 1000; ++i) asked.ask(std::to_string(i), read);
  asked.ask("0", read);
  EXPECT_EQ(reads, 1001) << "it is read again";
}

TEST(RestAfter, IsTwentyTimesAsLongFromASecondToAMinute) {
  using namespace std::chrono_literals;
  EXPECT_EQ(rest_after(1ms), 1s);
  EXPECT_EQ(rest_after(500ms), 10s);
  EXPECT_EQ(rest_after(10s), 60s);
}

}  // namespace
}  // namespace waybill::http
