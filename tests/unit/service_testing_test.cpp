// waybill/testing.h, used as a service's own tests would use it.

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <vector>

#include "waybill/outbox_sqlite.h"
#include "waybill/testing.h"

namespace waybill {
namespace {

class ServiceTesting : public ::testing::Test {
 protected:
  ServiceTesting() : file_(std::filesystem::temp_directory_path() / ("waybill-testing-" + name() + ".db")) {
    remove();
    EXPECT_TRUE(testing::make_tables(url()));
    EXPECT_TRUE(testing::make_tables(url())) << "a second time it does nothing";
    sqlite3* opened = nullptr;
    sqlite3_open(file_.c_str(), &opened);
    connection_.reset(opened);
  }
  ~ServiceTesting() override {
    connection_.reset();
    remove();
  }

  static std::string name() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }
  std::string url() const { return "sqlite://" + file_.string(); }
  void remove() const {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file_.string() + suffix);
  }

  void place_order(const std::string& payload, const char* end = "COMMIT") {
    sqlite3_exec(connection_.get(), "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
    Message message;
    message.topic = Topic{"orders.created"};
    message.key = Key{"17"};
    message.payload = payload;
    ASSERT_TRUE(sqlite::send(connection_.get(), message));
    ASSERT_EQ(sqlite3_exec(connection_.get(), end, nullptr, nullptr, nullptr), SQLITE_OK);
  }

  struct Closer {
    void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  };
  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Closer> connection_;
};

TEST_F(ServiceTesting, WhatWasCommittedComesInOrderAndOnlyOnce) {
  place_order("first");
  place_order("taken back", "ROLLBACK");
  place_order("second");
  std::vector<std::string> came;
  const auto consume = [&](const Delivery& delivery) {
    EXPECT_EQ(delivery.message.topic.str(), "orders.created");
    EXPECT_EQ(delivery.attempt, 1U);
    EXPECT_GT(delivery.persisted_at_ms, 0);
    came.push_back(delivery.message.payload);
  };
  EXPECT_EQ(*testing::deliver_all(url(), consume), 2U);
  EXPECT_EQ(came, (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(*testing::deliver_all(url(), consume), 0U);
}

TEST_F(ServiceTesting, CopiesShowWhetherAConsumerIsIdempotent) {
  place_order("twice");
  std::vector<std::uint32_t> attempts;
  const auto consume = [&](const Delivery& delivery) { attempts.push_back(delivery.attempt); };
  EXPECT_EQ(*testing::deliver_all(url(), consume, testing::Deliveries{2}), 1U);
  EXPECT_EQ(attempts, (std::vector<std::uint32_t>{1, 2}));
}

TEST_F(ServiceTesting, WhatAConsumerThrewAtComesAgain) {
  place_order("good");
  place_order("bad");
  std::vector<std::string> came;
  const auto fragile = [&](const Delivery& delivery) {
    if (delivery.message.payload == "bad") throw std::runtime_error("no stock");
    came.push_back(delivery.message.payload);
  };
  EXPECT_THROW((void)testing::deliver_all(url(), fragile), std::runtime_error);
  const auto patient = [&](const Delivery& delivery) { came.push_back(delivery.message.payload); };
  EXPECT_EQ(*testing::deliver_all(url(), patient), 1U);
  EXPECT_EQ(came, (std::vector<std::string>{"good", "bad"}));
}

TEST_F(ServiceTesting, WhatAConsumerSendsItselfComesToo) {
  place_order("order");
  int count = 0;
  const auto consume = [&](const Delivery&) {
    if (++count == 1) place_order("shipment");
  };
  EXPECT_EQ(*testing::deliver_all(url(), consume), 2U);
}

TEST(ServiceTestingErrors, NameTheFault) {
  EXPECT_EQ(testing::make_tables("nonsense").error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(testing::deliver_all("nonsense", {}).error().code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace waybill
