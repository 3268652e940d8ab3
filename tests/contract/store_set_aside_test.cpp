// What was set aside while its route stood still, and comes before its time when the route moves.

#include <gmock/gmock.h>

#include "store_suite.hpp"

namespace waybill::contract {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

TEST_P(StoreContract, SetAsideIsHandedOutBeforeItsTimeOnceAndOnlyOfItsRoute) {
  auto lane = acquire();
  send(5);
  const auto claims = fetch(*lane, 5);
  auto delayed = put_aside(claims[2], 300'000);
  delayed.reason = "delayed";
  auto of_another_route = put_aside(claims[3], 300'000);
  of_another_route.route = "payments.*";
  settle(*lane, {put_aside(claims[0], 300'000), put_aside(claims[1], 30'000), delayed, of_another_route,
                 retry(claims[4], 300'000)});
  EXPECT_THAT(due(*lane, 1000), IsEmpty());
  const auto first = set_aside(*lane, "orders.*");
  EXPECT_THAT(payloads(first), UnorderedElementsAre("1", "2"));
  EXPECT_THAT(attempts(first), Each(1U));
  for (const auto& claimed : first) {
    EXPECT_EQ(claimed.origin, Origin::retry);
    EXPECT_EQ(claimed.reason, "set_aside");
  }
  EXPECT_THAT(set_aside(*lane, "orders.*"), IsEmpty());
  EXPECT_THAT(payloads(due(*lane, 30'000)), IsEmpty()) << "it is out already";
  confirm(*lane, first);
  EXPECT_EQ(count_sending(), 3U);
  EXPECT_THAT(payloads(set_aside(*lane, "payments.*")), ElementsAre("4"));
}

TEST_P(StoreContract, SetAsideThatIsOutBecauseItsTimeHasComeIsNotHandedOutAgain) {
  auto lane = acquire();
  send(2);
  const auto claims = fetch(*lane, 2);
  settle(*lane, {put_aside(claims[0], 10), put_aside(claims[1], 300'000)});
  EXPECT_THAT(payloads(due(*lane, 10)), ElementsAre("1"));
  EXPECT_THAT(payloads(set_aside(*lane, "orders.*")), ElementsAre("2"));
}

TEST_P(StoreContract, SetAsideComesInPortionsAndAllOfIt) {
  auto lane = acquire();
  send(250);
  std::vector<Settlement> settlements;
  // Many with the same time, and some in no order.
  for (const auto& claimed : fetch(*lane, 250)) {
    settlements.push_back(put_aside(claimed, 30'000 + static_cast<std::int64_t>(settlements.size()) % 3));
  }
  settle(*lane, settlements);
  const auto all = set_aside(*lane, "orders.*", 40);
  EXPECT_THAT(payloads(all), UnorderedElementsAreArray(numbers(250)));
  confirm(*lane, all);
  EXPECT_EQ(count_sending(), 0U);
}

TEST_P(StoreContract, SetAsideTwiceComesTwice) {
  auto lane = acquire();
  send(3);
  for (const auto& claimed : fetch(*lane, 3)) settle(*lane, {put_aside(claimed, 300'000)});
  auto portion = lane->set_aside("orders.*", {2, 1 << 20});
  ASSERT_TRUE(portion) << portion.error().message();
  ASSERT_EQ(portion->messages.size(), 2U);
  EXPECT_TRUE(portion->more);
  for (const auto& claimed : portion->messages) settle(*lane, {put_aside(claimed, 30'000)});
  const auto first = set_aside(*lane, "orders.*");
  const auto second = set_aside(*lane, "orders.*");
  EXPECT_EQ(first.size() + second.size(), 3U) << "where the reading had gone on, the next one begins anew";
}

TEST_P(StoreContract, SetAsideThatADeadOwnerTookIsFlagged) {
  auto lane = acquire();
  send(1);
  settle(*lane, {put_aside(fetch(*lane, 1)[0], 300'000)});
  EXPECT_THAT(attempts(set_aside(*lane, "orders.*")), ElementsAre(1U));
  take_over(lane);
  EXPECT_THAT(attempts(set_aside(*lane, "orders.*")), ElementsAre(2U));
}

TEST_P(StoreContract, SetAsideLeavesWithItsMessage) {
  auto lane = acquire();
  send(2);
  const auto claims = fetch(*lane, 2);
  settle(*lane, {put_aside(claims[0], 300'000), put_aside(claims[1], 300'000)});
  const auto out = set_aside(*lane, "orders.*");
  settle(*lane, {failed(out[0]), retry(out[1], 300'000)});
  EXPECT_THAT(set_aside(*lane, "orders.*"), IsEmpty()) << "one has failed, the other waits for its next try";
  take_over(lane);
  EXPECT_THAT(set_aside(*lane, "orders.*"), IsEmpty());
}

}  // namespace
}  // namespace waybill::contract
