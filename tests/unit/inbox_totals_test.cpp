// What a service's own /metrics says of its guards.

#include "waybill/inbox_totals.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "waybill/inbox.h"

namespace waybill {
namespace {

TEST(InboxTotals, SayNothingBeforeTheFirstAnswer) { EXPECT_EQ(InboxTotals{}.prometheus(), ""); }

TEST(InboxTotals, CountEachConsumersAnswers) {
  InboxTotals totals;
  totals.count("logistics", to_string(Once::fresh));
  totals.count("inventory", to_string(Once::duplicate));
  totals.count("inventory", to_string(Once::duplicate));
  totals.count("inventory", to_string(Version::stale));
  EXPECT_EQ(totals.prometheus(),
            "# HELP waybill_inbox_total Answers of the guards to messages\n"
            "# TYPE waybill_inbox_total counter\n"
            "waybill_inbox_total{consumer=\"inventory\",result=\"duplicate\"} 2\n"
            "waybill_inbox_total{consumer=\"inventory\",result=\"stale\"} 1\n"
            "waybill_inbox_total{consumer=\"logistics\",result=\"new\"} 1\n");
}

TEST(InboxTotals, WriteAnyNameSoThatItCanBeRead) {
  InboxTotals totals;
  totals.count("a\"b\\c\nd", "new");
  EXPECT_NE(totals.prometheus().find(R"({consumer="a\"b\\c\nd",result="new"} 1)"), std::string::npos);
}

TEST(InboxTotals, CanBeCountedByManyThreads) {
  InboxTotals totals;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&totals] {
      for (int n = 0; n < 1000; ++n) totals.count("inventory", "new");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_NE(totals.prometheus().find("} 4000\n"), std::string::npos);
}

}  // namespace
}  // namespace waybill
