#include "relay/tag_queue.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace waybill::relay {
namespace {

using broker::Tag;

std::vector<std::uint64_t> drained(TagQueue queue) {
  std::vector<std::uint64_t> order;
  for (; !queue.empty(); queue.pop_front()) order.push_back(queue.front().value);
  return order;
}

TagQueue of(std::initializer_list<std::uint64_t> values) {
  TagQueue queue;
  for (const auto value : values) queue.push_back(Tag{value});
  return queue;
}

TEST(TagQueue, KeepsItsOrder) {
  EXPECT_TRUE(TagQueue{}.empty());
  EXPECT_EQ(drained(of({3, 1, 2})), (std::vector<std::uint64_t>{3, 1, 2}));
}

TEST(TagQueue, RemovesFromTheMiddle) {
  auto queue = of({1, 2, 3, 4});
  queue.pop_front();
  queue.remove(Tag{3});
  queue.remove(Tag{9});
  EXPECT_EQ(drained(queue), (std::vector<std::uint64_t>{2, 4}));
  queue.remove(Tag{2});
  queue.remove(Tag{4});
  EXPECT_TRUE(queue.empty());
}

TEST(TagQueue, HandsOutTheFollowersOfTheFirst) {
  auto queue = of({1, 2, 3, 4});
  queue.pop_front();
  EXPECT_EQ(queue.take_followers(), (std::vector<Tag>{Tag{3}, Tag{4}}));
  EXPECT_EQ(drained(queue), (std::vector<std::uint64_t>{2}));
  EXPECT_TRUE(queue.take_followers().empty());
  EXPECT_TRUE(TagQueue{}.take_followers().empty());
}

TEST(TagQueue, IsWhatADequeIs) {
  std::mt19937 random(1);
  TagQueue queue;
  std::deque<Tag> model;
  for (std::uint64_t step = 0; step < 100'000; ++step) {
    if (random() % 100 < 51) {
      queue.push_back(Tag{step});
      model.push_back(Tag{step});
    } else if (!model.empty() && random() % 10 == 0) {
      const Tag gone = model[random() % model.size()];
      queue.remove(gone);
      std::erase(model, gone);
    } else if (!model.empty()) {
      queue.pop_front();
      model.pop_front();
    }
    ASSERT_EQ(queue.size(), model.size());
    if (!model.empty()) {
      ASSERT_EQ(queue.front(), model.front());
    }
  }
}

}  // namespace
}  // namespace waybill::relay
