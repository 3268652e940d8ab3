// How relays divide the lanes: each decides alone, from what all report.

#include "relay/lane_share.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace waybill::relay {
namespace {

store::RelayReport holds(const std::string& relay, int lane, std::int64_t age_ms = 0) {
  return {relay + ":shop:" + std::to_string(lane),
          R"({"relay":")" + relay + R"(","lane":)" + std::to_string(lane) + "}", age_ms};
}

TEST(LaneShare, KnowsTheOthersByTheirLateReports) {
  const std::vector<store::RelayReport> reports{
      holds("a", 0),        holds("b", 1),       holds("b", 2),  standing_by_report("c", "shop"),
      holds("d", 3, 60000), {"e", "no JSON", 0}, {"f", "[]", 0}, {"g", R"({"relay":7})", 0}};
  const OtherRelays expected{{"b", 2}, {"c", 0}};
  EXPECT_EQ(other_relays(reports, "a"), expected);
}

TEST(LaneShare, ARelayAloneHoldsAllLanes) {
  EXPECT_EQ(most_lanes(4, {}), 4U);
  EXPECT_FALSE(has_one_too_many(4, 4, {}));
}

TEST(LaneShare, MoreRelaysThanLanesLeaveThemWhereTheyAre) {
  EXPECT_FALSE(has_one_too_many(1, 1, {{"b", 0}}));
  EXPECT_FALSE(has_one_too_many(2, 1, {{"b", 1}, {"c", 0}}));
}

// One step of every relay after another, as each second brings; free lanes go to whoever may take one first.
std::vector<std::uint32_t> settle(std::uint32_t lanes, std::vector<std::uint32_t> held) {
  for (int second = 0; second < 100; ++second) {
    for (std::size_t me = 0; me < held.size(); ++me) {
      OtherRelays others;
      for (std::size_t i = 0; i < held.size(); ++i) {
        if (i != me) others[std::to_string(i)] = held[i];
      }
      const auto free = lanes - std::accumulate(held.begin(), held.end(), 0U);
      if (has_one_too_many(lanes, held[me], others)) {
        --held[me];
      } else if (held[me] < most_lanes(lanes, others) && free > 0) {
        ++held[me];
      }
    }
  }
  return held;
}

TEST(LaneShare, EndsFairAndWithNoLaneLeftOver) {
  for (std::uint32_t lanes = 1; lanes <= 16; ++lanes) {
    for (std::size_t relays = 1; relays <= 6; ++relays) {
      std::vector<std::uint32_t> held(relays, 0);
      held[0] = lanes;  // the first came alone
      const auto end = settle(lanes, held);
      EXPECT_EQ(std::accumulate(end.begin(), end.end(), 0U), lanes);
      for (const auto count : end) EXPECT_GE(count, lanes / relays) << lanes << " lanes, " << relays << " relays";
    }
  }
}

}  // namespace
}  // namespace waybill::relay
