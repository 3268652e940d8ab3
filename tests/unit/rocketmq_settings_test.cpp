// What a URL of RocketMQ means, and where a route leads.

#include <gtest/gtest.h>

#include "broker/rocketmq/settings.hpp"
#include "broker/rocketmq/topic_route.hpp"

namespace waybill::broker::rocketmq {
namespace {

Result<Settings> read(const std::string& url) {
  BrokerConfig config;
  config.url = Secret(url);
  return settings_of(config);
}

std::string fault(const std::string& url) {
  const auto settings = read(url);
  return settings ? "" : settings.error().message();
}

TEST(RocketMqSettings, AddressesLoginAndNamespace) {
  const auto list = read("rocketmqs://access:se%2Fcret@a:1,[::1],b,[::2]:3/shop?routes=ignore");
  ASSERT_TRUE(list) << list.error().message();
  EXPECT_EQ(list->names(), "a:1,[::1]:8081,b:8081,[::2]:3");
  EXPECT_EQ(list->access_key, "access");
  EXPECT_EQ(list->secret_key.reveal(), "se/cret");
  EXPECT_EQ(list->resource_namespace, "shop");
  EXPECT_TRUE(list->tls);
  EXPECT_FALSE(list->follow_routes);
  const auto plain = read("rocketmq://[::1]");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->names(), "[::1]:8081");
  EXPECT_TRUE(plain->follow_routes);
  EXPECT_FALSE(plain->tls);
}

TEST(RocketMqSettings, FaultsNameThePart) {
  EXPECT_NE(fault("rocketmq://a:x,b").find("port of 'a'"), std::string::npos);
  EXPECT_NE(fault("rocketmq://a,,b").find("a host of the list is empty"), std::string::npos);
  EXPECT_NE(fault("rocketmq://a?route=ignore").find("'route' is no setting"), std::string::npos);
  EXPECT_NE(fault("rocketmq://a?routes=no").find("not 'no'"), std::string::npos);
  EXPECT_NE(fault("kafka://a").find("expected rocketmq://"), std::string::npos);
  EXPECT_EQ(fault("rocketmq://me:secret@a?x=1").find("secret"), std::string::npos);
}

v2::QueryRouteResponse route_of(int queues, std::initializer_list<v2::MessageType> types,
                                v2::Permission permission = v2::READ_WRITE) {
  v2::QueryRouteResponse response;
  for (int i = 0; i < queues; ++i) {
    v2::MessageQueue& queue = *response.add_message_queues();
    queue.set_permission(permission);
    for (const auto type : types) queue.add_accept_message_types(type);
    auto& address = *queue.mutable_broker()->mutable_endpoints()->add_addresses();
    address.set_host("proxy");
    address.set_port(i + 1);
  }
  return response;
}

Outgoing with_key(const std::string& key) {
  Message message;
  message.id = MessageId("id");
  message.topic = Topic("t");
  if (!key.empty()) message.key = Key(key);
  return {Tag{1}, std::make_shared<Message>(std::move(message)), "t", "", 1, {}};
}

TEST(RocketMqRoute, TheTopicsTypeDecidesHowAMessageIsDelivered) {
  const auto normal = read_route(route_of(2, {v2::NORMAL}));
  EXPECT_EQ(normal->delivering(with_key("k")), Delivering::normal);
  const auto fifo = read_route(route_of(2, {v2::FIFO}));
  EXPECT_EQ(fifo->delivering(with_key("k")), Delivering::fifo);
  EXPECT_EQ(fifo->delivering(with_key("")), Delivering::fifo);
  const auto mixed = read_route(route_of(2, {v2::NORMAL, v2::FIFO, v2::DELAY}));
  EXPECT_EQ(mixed->delivering(with_key("k")), Delivering::fifo);
  EXPECT_EQ(mixed->delivering(with_key("")), Delivering::normal);
}

TEST(RocketMqRoute, WhatCantBeWrittenToIsNoPlaceToSendTo) {
  EXPECT_EQ(read_route(route_of(2, {v2::NORMAL}, v2::READ)), std::nullopt);
  EXPECT_EQ(read_route({}), std::nullopt);
  v2::QueryRouteResponse replica = route_of(1, {v2::NORMAL});
  replica.mutable_message_queues(0)->mutable_broker()->set_id(1);
  EXPECT_EQ(read_route(replica), std::nullopt);
}

// The first of the test vectors that SipHash's authors publish with its reference code: the hash of nothing with this
// key is 0x726fdb47dd0e0e31.
TEST(RocketMqRoute, AGroupHasTheQueueThatOtherClientsGiveIt) {
  constexpr int queues = 7;
  const auto route = read_route(route_of(queues, {v2::FIFO}));
  EXPECT_EQ(route->of_group("").port, 0x726fdb47dd0e0e31 % queues + 1);
  EXPECT_EQ(route->of_group("order-7").port, route->of_group("order-7").port);
}

}  // namespace
}  // namespace waybill::broker::rocketmq
