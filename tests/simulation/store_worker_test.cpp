// The thread that performs the engine's store actions, on the store in memory.

#include "relay/store_worker.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/memory/store.hpp"

namespace waybill::relay {
namespace {

class StoreWorkerActs : public testing::Test {
 protected:
  StoreWorkerActs() : store_(StoreConfig{}, options()) {}

  static store::memory::Options options() {
    store::memory::Options options;
    options.blocking = true;
    return options;
  }

  void commit(const std::string& id) {
    Message message;
    message.id = MessageId{id};
    message.topic = Topic{"orders.created"};
    auto transaction = store_.begin();
    transaction.add(message);
    transaction.commit();
  }

  void take(Event event, Tenure tenure) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    tenure_ = tenure;
    change_.notify_all();
  }

  template <class Kind>
  bool hears(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return change_.wait_for(lock, limit, [this] {
      for (const auto& event : events_) {
        if (std::holds_alternative<Kind>(event)) return true;
      }
      return false;
    });
  }

  store::MemoryStore store_;
  std::mutex mutex_;
  std::condition_variable change_;
  std::vector<Event> events_;
  Tenure tenure_ = 0;
};

TEST_F(StoreWorkerActs, after_a_clean_stop_nothing_is_claimed_that_was_asked_for_before) {
  StoreWorker worker(
      store_, 0, "relay", [this](Event event, Tenure tenure) { take(std::move(event), tenure); },
      [](std::string_view, std::string_view) {});
  ASSERT_TRUE(hears<LaneOpened>(std::chrono::seconds{10}));
  commit("m1");
  Settle last;
  last.batch.clean_stop = true;
  worker.submit({FetchFresh{{10, 1000}, true}, last}, tenure_);
  ASSERT_TRUE(hears<Settled>(std::chrono::seconds{10}));
  EXPECT_FALSE(hears<FreshFetched>(std::chrono::milliseconds{300}));
  worker.stop();
  EXPECT_TRUE(store_.lane_row(0).clean);
}

}  // namespace
}  // namespace waybill::relay
