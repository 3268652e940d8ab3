// Up to where a partition may be committed while its records are done in any order.

#include "broker/kafka/offset_ledger.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace waybill::broker::kafka {
namespace {

TEST(OffsetLedger, WhatIsStillOpenHoldsBackWhatIsDoneBehindIt) {
  OffsetLedger ledger;
  for (const std::int64_t offset : {5, 6, 7}) ledger.handed_out({0, offset});
  ledger.done({0, 6});
  ledger.done({0, 7});
  EXPECT_TRUE(ledger.take_commits().empty());
  ledger.done({0, 5});
  EXPECT_EQ(ledger.take_commits(), (std::vector<Position>{{0, 8}}));
  EXPECT_TRUE(ledger.take_commits().empty());
}

TEST(OffsetLedger, PartitionsMoveByThemselvesAndOffsetsMayHaveGaps) {
  OffsetLedger ledger;
  ledger.handed_out({1, 10});
  ledger.handed_out({0, 3});
  ledger.handed_out({1, 17});  // between them were marks of transactions
  ledger.done({1, 10});
  ledger.done({1, 17});
  EXPECT_EQ(ledger.take_commits(), (std::vector<Position>{{1, 18}}));
}

TEST(OffsetLedger, AForgottenPartitionIsNeverCommitted) {
  OffsetLedger ledger;
  ledger.handed_out({0, 1});
  ledger.handed_out({1, 1});
  ledger.forget(0);
  ledger.done({0, 1});
  ledger.done({1, 1});
  ledger.done({1, 1});
  ledger.done({2, 9});
  EXPECT_EQ(ledger.take_commits(), (std::vector<Position>{{1, 2}}));
}

TEST(OffsetLedger, NeverCommitsPastAnOpenRecord) {
  std::minstd_rand random(7);
  OffsetLedger ledger;
  std::set<std::int64_t> open;
  std::int64_t next = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (open.empty() || random() % 2 == 0) {
      ledger.handed_out({0, next});
      open.insert(next++);
    } else {
      const auto which = std::next(open.begin(), static_cast<std::ptrdiff_t>(random() % open.size()));
      ledger.done({0, *which});
      open.erase(which);
    }
    for (const Position& commit : ledger.take_commits()) {
      ASSERT_EQ(commit.offset, open.empty() ? next : *open.begin()) << step;
    }
  }
}

}  // namespace
}  // namespace waybill::broker::kafka
