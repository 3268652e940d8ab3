#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "store/store.hpp"

namespace waybill::admin {

/// A store in memory with messages in every state, made by the same calls that a relay makes.
class AdminStore : public testing::Test {
 protected:
  AdminStore() {
    config.file = "waybill.toml";
    auto& shop = config.stores.emplace_back();
    shop.name = "shop";
    shop.url = Secret("memory://" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    shop.max_payload = 1u << 20;
    RouteConfig route;
    route.topic = "orders.*";
    route.broker = "main";
    route.exchange = "shop";
    config.routes.push_back(route);
    auto opened = store::open_store(config.stores.front());
    EXPECT_TRUE(opened) << opened.error().message();
    store = std::move(*opened);
    EXPECT_TRUE(store->migrate());
  }

  void persist(const std::string& id, const std::string& topic = "orders.a") {
    Message message;
    message.id = MessageId(id);
    message.topic = Topic(topic);
    message.payload = std::string("\0\xff", 2);
    auto ids = store->persist(std::span(&message, 1));
    ASSERT_TRUE(ids) << ids.error().message();
  }

  /// Every waiting message gets this verdict.
  void settle_all(store::Verdict verdict, const std::string& reason) {
    auto lane = store->acquire(0, "test:1");
    ASSERT_TRUE(lane) << lane.error().message();
    auto fetched = (*lane)->fetch({});
    ASSERT_TRUE(fetched) << fetched.error().message();
    store::SettleBatch batch;
    for (const auto& claimed : fetched->messages) {
      store::Settlement settlement;
      settlement.ticket = claimed.ticket;
      settlement.origin = claimed.origin;
      settlement.verdict = verdict;
      settlement.tries = 4;
      settlement.attempt = 4;
      settlement.route = "orders.*";
      settlement.reason = reason;
      settlement.answer = "312 NO_ROUTE";
      settlement.endpoint = "127.0.0.1:5672";
      batch.messages.push_back(settlement);
    }
    batch.clean_stop = true;
    ASSERT_TRUE((*lane)->settle(batch));
  }

  Config config;
  std::unique_ptr<store::Store> store;
};

}  // namespace waybill::admin
