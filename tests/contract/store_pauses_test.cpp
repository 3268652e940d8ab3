// Routes that people hold back, as stores keep them.

#include <gmock/gmock.h>

#include "store_suite.hpp"

namespace waybill::contract {
namespace {

using store::Pause;
using testing::ElementsAre;
using testing::IsEmpty;

class StorePauses : public StoreContract {
 protected:
  std::vector<Pause> read() {
    auto found = store().pauses();
    EXPECT_TRUE(found) << found.error().message();
    return found ? *found : std::vector<Pause>{};
  }

  /// Each as `route: who since: why`.
  std::vector<std::string> told() {
    std::vector<std::string> all;
    for (const auto& pause : read()) {
      all.push_back(pause.route + ": " + pause.who + " " + std::to_string(pause.since_ms) + ": " + pause.why);
    }
    return all;
  }
};

TEST_P(StorePauses, ARouteIsHeldBackUntilItIsLetGo) {
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_TRUE(store().pause({"orders.*", "alice", "two\nlines", 1'700'000'000'000}).value());
  EXPECT_TRUE(store().pause({"*", "bob", "", 7}).value());
  EXPECT_THAT(told(), ElementsAre("*: bob 7: ", "orders.*: alice 1700000000000: two\nlines"));
  EXPECT_TRUE(store().resume("*").value());
  EXPECT_THAT(told(), ElementsAre("orders.*: alice 1700000000000: two\nlines"));
  EXPECT_TRUE(store().resume("orders.*").value());
  EXPECT_THAT(told(), IsEmpty());
}

TEST_P(StorePauses, WhoeverComesSecondChangesNothing) {
  EXPECT_TRUE(store().pause({"orders.*", "alice", "first", 1}).value());
  EXPECT_FALSE(store().pause({"orders.*", "bob", "second", 2}).value());
  EXPECT_THAT(told(), ElementsAre("orders.*: alice 1: first"));
  EXPECT_TRUE(store().resume("orders.*").value());
  EXPECT_FALSE(store().resume("orders.*").value());
}

TEST_P(StorePauses, RoutesAreToldApartByEveryByte) {
  for (const std::string& route : {std::string("Orders"), std::string("orders"), std::string("orders "),
                                   std::string("o'rders\""), std::string("日本"), std::string(255, 'x')}) {
    EXPECT_TRUE(store().pause({route, "alice", route, 1}).value()) << route;
  }
  EXPECT_EQ(read().size(), 6U);
  EXPECT_TRUE(store().resume("orders").value());
  EXPECT_FALSE(store().resume("ORDERS").value());
  EXPECT_EQ(read().size(), 5U);
}

INSTANTIATE_TEST_SUITE_P(Stores, StorePauses, testing::Values("memory", "sqlite", "postgresql", "mysql", "redis"),
                         [](const auto& kind) { return std::string{kind.param}; });

}  // namespace
}  // namespace waybill::contract
