// A message as a record of Kafka, as far as no broker is needed for it.

#include <gtest/gtest.h>

#include <map>

#include "broker/kafka/record.hpp"
#include "broker/kafka/settings.hpp"
#include "core/uuid.hpp"

namespace waybill::broker::kafka {
namespace {

constexpr std::int64_t now_ms = 1'800'000'000'000;
constexpr std::int64_t minute_ms = 60'000;

Outgoing outgoing(const std::string& id, std::int64_t persisted_at_ms) {
  auto message = std::make_shared<Message>();
  message->id = MessageId(id);
  message->topic = Topic("orders.created");
  return {Tag{1}, std::move(message), "orders", "", 2, {}, persisted_at_ms};
}

std::map<std::string, std::string> headers_of(const Outgoing& outgoing) {
  const auto made = make_headers(outgoing);
  std::map<std::string, std::string> all;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(made.get(), i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    EXPECT_TRUE(all.emplace(name, std::string(static_cast<const char*>(value), size)).second) << name << " twice";
  }
  return all;
}

TEST(KafkaRecord, ItsTimeIsThatOfTheStoreWhenTheMessageFlowed) {
  EXPECT_EQ(timestamp_of(outgoing("a", now_ms - 50), now_ms), now_ms - 50);
  EXPECT_EQ(timestamp_of(outgoing(format_uuid7(now_ms - 50, 1, 2), 0), now_ms), now_ms - 50);
}

TEST(KafkaRecord, AnOldOrFutureTimeIsThePresent) {
  EXPECT_EQ(timestamp_of(outgoing("a", now_ms - 11 * minute_ms), now_ms), 0) << "retention would delete it at once";
  EXPECT_EQ(timestamp_of(outgoing("a", now_ms + 1), now_ms), 0) << "a broker refuses what is far in the future";
  EXPECT_EQ(timestamp_of(outgoing("a", 0), now_ms), 0);
}

TEST(KafkaRecord, HeadersAreTheUsersTheRoutesAndOurs) {
  Outgoing sent = outgoing("a", now_ms);
  auto message = std::make_shared<Message>(*sent.message);
  message->key = Key("17");
  message->content_type = "text/plain";
  message->headers = {{"traceparent", "00-1"}, {"id", "the user's"}, {"waybill-attempt", "9"}};
  sent.message = message;
  sent.attributes = {{"id", "a"}};
  sent.layout = {{"id", "a"}};
  EXPECT_EQ(headers_of(sent), (std::map<std::string, std::string>{{"traceparent", "00-1"},
                                                                  {"id", "a"},
                                                                  {"ce_id", "a"},
                                                                  {"content-type", "text/plain"},
                                                                  {"waybill-id", "a"},
                                                                  {"waybill-topic", "orders.created"},
                                                                  {"waybill-key", "17"},
                                                                  {"waybill-attempt", "2"},
                                                                  {"waybill-persisted-at", std::to_string(now_ms)}}));
}

TEST(KafkaRecord, WhatTheBrokerWouldHangUpOnNeverLeaves) {
  Outgoing large = outgoing("a", 0);
  auto message = std::make_shared<Message>(*large.message);
  message->payload.assign(static_cast<std::size_t>(largest_message) + 1, 'x');
  large.message = message;
  EXPECT_NE(record_fault(large).value_or("").find("closes the connection"), std::string::npos);
  EXPECT_EQ(record_fault(outgoing("a", 0)), std::nullopt);
}

}  // namespace
}  // namespace waybill::broker::kafka
