// A message as one of RocketMQ, and back.

#include <gtest/gtest.h>

#include "broker/rocketmq/message.hpp"
#include "core/text.hpp"

namespace waybill::broker::rocketmq {
namespace {

Outgoing outgoing(Message message, std::string topic = "orders", std::string tag = "") {
  return {Tag{1}, std::make_shared<Message>(std::move(message)), std::move(topic), std::move(tag), 2, {}};
}

Message order() {
  Message message;
  message.id = MessageId("0193a5b0-0000-7000-8000-000000000001");
  message.topic = Topic("orders.created");
  message.key = Key("order-7");
  message.payload = std::string("\0\xff", 2);
  message.content_type = "application/json";
  message.headers = {{"traceparent", "00-1-2-01"}};
  return message;
}

TEST(RocketMqMessage, TheIdIsItsIdAndItsKeyAndTheRoutingKeyItsTag) {
  const v2::Message made = make_message(outgoing(order(), "orders", "created"), Delivering::normal, "shop");
  EXPECT_EQ(made.topic().name(), "orders");
  EXPECT_EQ(made.topic().resource_namespace(), "shop");
  EXPECT_EQ(made.system_properties().message_id(), order().id.str());
  ASSERT_EQ(made.system_properties().keys_size(), 1);
  EXPECT_EQ(made.system_properties().keys(0), order().id.str());
  EXPECT_EQ(made.system_properties().tag(), "created");
  EXPECT_EQ(made.system_properties().message_type(), v2::NORMAL);
  EXPECT_FALSE(made.system_properties().has_message_group());
  const auto& properties = made.user_properties();
  EXPECT_EQ(properties.at("traceparent"), "00-1-2-01");
  EXPECT_EQ(properties.at("content-type"), "application/json");
  EXPECT_EQ(properties.at("waybill-topic"), "orders.created");
  EXPECT_EQ(properties.at("waybill-key"), "order-7");
  EXPECT_EQ(properties.at("waybill-attempt"), "2");
}

TEST(RocketMqMessage, ComesBackAsItWent) {
  v2::Message made = make_message(outgoing(order()), Delivering::fifo, "");
  made.mutable_system_properties()->set_delivery_attempt(2);
  const Delivery delivery = read_message(made);
  EXPECT_EQ(delivery.message.id, order().id);
  EXPECT_EQ(delivery.message.topic, order().topic);
  EXPECT_EQ(delivery.message.key, order().key);
  EXPECT_EQ(delivery.message.payload, order().payload);
  EXPECT_EQ(delivery.message.headers, order().headers);
  EXPECT_EQ(delivery.message.content_type, order().content_type);
  EXPECT_EQ(delivery.attempt, 2U);
  EXPECT_TRUE(delivery.redelivered);
}

TEST(RocketMqMessage, WhatIsEmptyTravelsAsSomethingAndComesBackEmpty) {
  Message message = order();
  message.payload.clear();
  message.headers["note"] = "";
  const v2::Message made = make_message(outgoing(message), Delivering::normal, "");
  EXPECT_EQ(made.body(), std::string(1, '\0'));
  for (const auto& [name, value] : made.user_properties()) EXPECT_FALSE(value.empty()) << name;
  const Delivery delivery = read_message(made);
  EXPECT_EQ(delivery.message.payload, "");
  EXPECT_EQ(delivery.message.headers, message.headers);
}

TEST(RocketMqMessage, WhatAnotherClientPackedIsUnpacked) {
  // printf payload | gzip -n | xxd -p
  const std::string packed = from_hex("1f8b08000000000000032b48acccc94f4c0100156a2c4207000000");
  v2::Message made = make_message(outgoing(order()), Delivering::normal, "");
  made.mutable_system_properties()->set_body_encoding(v2::GZIP);
  made.set_body(packed);
  EXPECT_EQ(read_message(made).message.payload, "payload");
  made.set_body(packed.substr(0, 15));
  EXPECT_EQ(read_message(made).message.payload, packed.substr(0, 15)) << "cut off: as it came";
}

TEST(RocketMqMessage, AGroupIsTheKeyOrADigestOfOneThatIsTooLong) {
  Message message = order();
  EXPECT_EQ(group_of(outgoing(message)), "order-7");
  message.key = Key(std::string(63, 'k'));
  EXPECT_EQ(group_of(outgoing(message)), std::string(63, 'k'));
  message.key = Key(std::string(64, 'k'));
  EXPECT_EQ(group_of(outgoing(message)).size(), 63U);
  EXPECT_NE(group_of(outgoing(message)), std::string(63, 'k'));
  message.key.reset();
  EXPECT_EQ(group_of(outgoing(message)), message.id.str());
}

TEST(RocketMqMessage, ADeliveryTimeIsTheHeadersMilliseconds) {
  Message message = order();
  message.headers["rocketmq-deliver-at"] = "1767225600250";
  ASSERT_TRUE(has_delivery_time(outgoing(message)));
  const v2::Message made = make_message(outgoing(message), Delivering::delayed, "");
  EXPECT_EQ(made.system_properties().message_type(), v2::DELAY);
  EXPECT_EQ(made.system_properties().delivery_timestamp().seconds(), 1767225600);
  EXPECT_EQ(made.system_properties().delivery_timestamp().nanos(), 250'000'000);
  message.headers["rocketmq-deliver-at"] = "tomorrow";
  EXPECT_NE(message_fault(outgoing(message))->find("'rocketmq-deliver-at'"), std::string::npos);
}

TEST(RocketMqMessage, AttributesOfCloudEventsHaveThePrefixOfTheirBinding) {
  Outgoing sent = outgoing(order());
  sent.attributes = {{"specversion", "1.0"}};
  const v2::Message made = make_message(sent, Delivering::normal, "");
  EXPECT_EQ(made.user_properties().at("CE_specversion"), "1.0");
  EXPECT_EQ(made.user_properties().at("CE_contenttype"), "application/json");
}

TEST(RocketMqMessage, WhatRocketMqForbidsIsNamed) {
  EXPECT_EQ(message_fault(outgoing(order(), "orders", "created")), std::nullopt);
  EXPECT_NE(message_fault(outgoing(order(), "orders.created"))->find("can't be a topic of RocketMQ"),
            std::string::npos);
  EXPECT_NE(message_fault(outgoing(order(), std::string(128, 't')))->find("128 bytes"), std::string::npos);
  EXPECT_NE(message_fault(outgoing(order(), "orders", "a|b"))->find("tag"), std::string::npos);
  Message message = order();
  message.headers["note"] = "two\nlines";
  EXPECT_NE(message_fault(outgoing(message))->find("header 'note'"), std::string::npos);
  message = order();
  message.headers["note"] = "\xC2\x85";  // U+0085, which Java counts as a control character
  EXPECT_NE(message_fault(outgoing(message))->find("header 'note'"), std::string::npos);
  message = order();
  message.key = Key("a\tb");
  EXPECT_NE(message_fault(outgoing(message))->find("the key"), std::string::npos);
}

}  // namespace
}  // namespace waybill::broker::rocketmq
