// Bulk acts as stores keep them: whoever knows the revision changes it, and nobody else.

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "core/uuid.hpp"
#include "store_suite.hpp"

namespace waybill::contract {
namespace {

using store::OperationRecord;
using store::OperationResult;

class StoreOperations : public StoreContract {
 protected:
  std::string add(const std::string& document = "{}") {
    auto id = make_uuid7();
    auto added = store().add_operation(id, document);
    EXPECT_TRUE(added) << added.error().message();
    return id;
  }

  OperationRecord read(const std::string& id) {
    store::OperationFilter filter;
    filter.id = id;
    auto found = store().operations(filter);
    EXPECT_TRUE(found) << found.error().message();
    if (!found || found->size() != 1) {
      ADD_FAILURE() << "operation " << id << " is not there once";
      return {};
    }
    return found->front();
  }

  bool change(const std::string& id, std::uint64_t revision, const std::string& document,
              const std::vector<OperationResult>& results = {}) {
    auto changed = store().change_operation(id, revision, document, results);
    EXPECT_TRUE(changed) << changed.error().message();
    return changed && *changed;
  }

  std::vector<OperationResult> results(const std::string& id, std::uint64_t after = 0, std::size_t limit = 100'000) {
    auto found = store().operation_results(id, after, limit);
    EXPECT_TRUE(found) << found.error().message();
    return found ? *found : std::vector<OperationResult>{};
  }

  std::vector<std::string> ids(const store::OperationFilter& filter) {
    auto found = store().operations(filter);
    EXPECT_TRUE(found) << found.error().message();
    std::vector<std::string> all;
    for (const auto& one : *found) all.push_back(one.id);
    return all;
  }
};

TEST_P(StoreOperations, AnOperationIsReadAsItWasStored) {
  const std::string document = R"({"why":"it's \"broken\" \\ 订单","n":[1,2]})";
  const auto id = add(document);
  const auto found = read(id);
  EXPECT_EQ(found.revision, 1U);
  EXPECT_EQ(found.document, document);
  EXPECT_GE(found.age_ms, 0);
  EXPECT_LT(found.age_ms, 60'000);
}

TEST_P(StoreOperations, OnlyWhoKnowsTheRevisionChangesIt) {
  const auto id = add("one");
  EXPECT_TRUE(change(id, 1, "two", {{1, "m-1", "resent"}}));
  EXPECT_FALSE(change(id, 1, "three", {{2, "m-2", "resent"}}));
  EXPECT_FALSE(change(make_uuid7(), 1, "four", {{1, "m-3", "resent"}}));
  const auto found = read(id);
  EXPECT_EQ(found.document, "two");
  EXPECT_EQ(found.revision, 2U);
  ASSERT_EQ(results(id).size(), 1U);
  EXPECT_EQ(results(id).front().message_id, "m-1");
}

TEST_P(StoreOperations, OfManyWhoChangeAtOnceOneWinsEachTime) {
  const auto id = add("0");
  std::atomic<int> wins{0};
  const auto race = [&] {
    for (std::uint64_t revision = 1; revision <= 50; ++revision) {
      auto changed = store().change_operation(id, revision, "x", {});
      if (changed && *changed) ++wins;
    }
  };
  std::thread first(race), second(race);
  first.join();
  second.join();
  EXPECT_EQ(static_cast<std::uint64_t>(wins) + 1, read(id).revision);
}

TEST_P(StoreOperations, ResultsComeInTheirOrderPageByPage) {
  const auto id = add();
  std::vector<OperationResult> all;
  for (std::uint64_t number = 1; number <= 1000; ++number) {
    all.push_back({number, "m-" + std::to_string(number) + std::string(200, 'x'), "resent"});
  }
  all[1].message_id = "a,b {c} \"d\" 'e' \\f\\ \n NULL";
  EXPECT_TRUE(change(id, 1, "half", {all.begin(), all.begin() + 500}));
  EXPECT_TRUE(change(id, 2, "whole", {all.begin() + 500, all.end()}));
  const auto page = results(id, 499, 3);
  ASSERT_EQ(page.size(), 3U);
  EXPECT_EQ(page[0].number, 500U);
  EXPECT_EQ(page[0].message_id, all[499].message_id);
  EXPECT_EQ(page[2].message_id, all[501].message_id);
  EXPECT_EQ(results(id, 1, 1).front().message_id, all[1].message_id);
  EXPECT_EQ(results(id).size(), 1000U);
  EXPECT_TRUE(results(id, 1000, 10).empty());
  EXPECT_TRUE(results(make_uuid7()).empty());
}

TEST_P(StoreOperations, TheNewestComeFirstPageByPage) {
  std::vector<std::string> made;
  for (int n = 0; n < 5; ++n) made.insert(made.begin(), add());
  std::ranges::sort(made, std::greater<>{});
  store::OperationFilter filter;
  filter.limit = 2;
  EXPECT_EQ(ids(filter), (std::vector{made[0], made[1]}));
  filter.before = made[1];
  EXPECT_EQ(ids(filter), (std::vector{made[2], made[3]}));
  filter.before = made[3];
  EXPECT_EQ(ids(filter), (std::vector{made[4]}));
}

TEST_P(StoreOperations, AnIdIsTakenOnce) {
  const auto id = add("first");
  const auto again = store().add_operation(id, "second");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), ErrorCode::busy);
  EXPECT_EQ(read(id).document, "first");
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreOperations, testing::Values("memory", "sqlite", "postgresql", "mysql", "redis"),
                         [](const auto& kind) { return std::string{kind.param}; });

}  // namespace
}  // namespace waybill::contract
