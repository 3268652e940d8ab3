// What a relay tells of traced messages: whose trace it is, and how a collector reads it.

#include <gtest/gtest.h>

#include "admin/json.hpp"
#include "http/otlp.hpp"

namespace waybill::http {
namespace {

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736", parent = "00f067aa0ba902b7";
const std::string recorded = "00-" + trace + "-" + parent + "-01";

std::optional<relay::TraceContext> context_of(const std::string& traceparent) {
  Message message;
  message.headers = {{"traceparent", traceparent}, {"tracestate", "shop=1"}};
  return relay::recorded_trace(message);
}

TEST(TraceContext, IsThatOfTheService) {
  const auto context = context_of(recorded);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, trace);
  EXPECT_EQ(context->span_id, parent);
  EXPECT_EQ(context->state, "shop=1");
  EXPECT_FALSE(relay::recorded_trace(Message{}));
}

TEST(TraceContext, OfATraceThatIsNotRecordedIsNone) {
  EXPECT_FALSE(context_of("00-" + trace + "-" + parent + "-00"));
  EXPECT_FALSE(context_of("00-" + trace + "-" + parent + "-02"));
  EXPECT_TRUE(context_of("00-" + trace + "-" + parent + "-03"));
}

TEST(TraceContext, OfAVersionToComeMayHaveMoreFields) {
  EXPECT_TRUE(context_of("cc-" + trace + "-" + parent + "-01-what-will-be"));
  EXPECT_FALSE(context_of("cc-" + trace + "-" + parent + "-01.what"));
  EXPECT_FALSE(context_of(recorded + "-x"));
}

TEST(TraceContext, ThatIsMalformedIsNone) {
  const std::string zeros(32, '0');
  for (const auto& text :
       {std::string{}, std::string{"00"}, recorded.substr(0, 54), "ff" + recorded.substr(2), "0x" + recorded.substr(2),
        "00-" + zeros + "-" + parent + "-01", "00-" + trace + "-" + zeros.substr(16) + "-01",
        "00-" + std::string{"4BF92F3577B34DA6A3CE929D0E0E4736"} + "-" + parent + "-01",
        "00." + trace + "-" + parent + "-01", "00-" + trace + "." + parent + "-01",
        "00-" + trace + "-" + parent + "-0g"})
    EXPECT_FALSE(context_of(text)) << text;
}

TEST(Spans, OfABurstAreCountedBeyondWhatTheyMayTake) {
  relay::Spans spans;
  for (int i = 0; i < 2005; ++i) {
    if (spans.has_place()) spans.keep({});
  }
  auto taken = spans.take();
  EXPECT_EQ(taken.spans.size(), 2000u);
  EXPECT_EQ(taken.left_out, 5u);
  EXPECT_TRUE(spans.take().spans.empty());
  EXPECT_TRUE(spans.has_place());
}

class Otlp : public testing::Test {
 protected:
  Otlp() {
    config.brokers.emplace_back().name = "main";
    config.brokers.front().url = Secret{"amqp://guest:secret@localhost"};
    auto& route = config.routes.emplace_back();
    route.topic = "orders.*";
    route.broker = "main";
    span.context = {trace, parent, "shop=1"};
    span.id = "m1";
    span.topic = "orders.created";
    span.exchange = "shop";
    span.routing_key = "orders.created";
    span.attempt = 2;
    span.published_at = clocks.mono - std::chrono::milliseconds{5};
    span.answered_at = clocks.mono - std::chrono::milliseconds{2};
  }

  admin::Json told() {
    const auto request = otlp_request(config, "relay@host:1", {span}, clocks, [] { return std::uint64_t{0x2a}; });
    EXPECT_EQ(request.find("secret"), std::string::npos);
    return admin::Json::parse(request).at("resourceSpans").at(0);
  }
  admin::Json told_span() { return told().at("scopeSpans").at(0).at("spans").at(0); }
  static std::string attribute(const admin::Json& of, const std::string& key) {
    for (const auto& one : of.at("attributes")) {
      if (one.at("key") == key) return one.at("value").begin().value();
    }
    return "none";
  }

  Config config;
  relay::Span span;
  const Clocks clocks{MonoTime{std::chrono::seconds{100}},
                      std::chrono::system_clock::time_point{std::chrono::seconds{1'700'000'000}}};
};

TEST_F(Otlp, ASpanIsAChildOfTheServicesAndLinkedToIt) {
  const auto json = told_span();
  EXPECT_EQ(json.at("traceId"), trace);
  EXPECT_EQ(json.at("parentSpanId"), parent);
  EXPECT_EQ(json.at("spanId"), "000000000000002b");
  EXPECT_EQ(json.at("links").at(0).at("spanId"), parent);
  EXPECT_EQ(json.at("links").at(0).at("traceId"), trace);
  EXPECT_EQ(json.at("traceState"), "shop=1");
}

TEST_F(Otlp, ASpanLastsFromPublicationToAnswerByTheWallClock) {
  const auto json = told_span();
  EXPECT_EQ(json.at("startTimeUnixNano"), "1699999999995000000");
  EXPECT_EQ(json.at("endTimeUnixNano"), "1699999999998000000");
}

TEST_F(Otlp, NamesAreThoseOfTheConventions) {
  const auto resource = told().at("resource");
  EXPECT_EQ(attribute(resource, "service.name"), "waybill");
  EXPECT_EQ(attribute(resource, "service.instance.id"), "relay@host:1");
  const auto json = told_span();
  EXPECT_EQ(json.at("name"), "publish shop:orders.created");
  EXPECT_EQ(json.at("kind"), 4);
  EXPECT_EQ(attribute(json, "messaging.system"), "rabbitmq");
  EXPECT_EQ(attribute(json, "messaging.destination.name"), "shop:orders.created");
  EXPECT_EQ(attribute(json, "messaging.rabbitmq.destination.routing_key"), "orders.created");
  EXPECT_EQ(attribute(json, "messaging.message.id"), "m1");
  EXPECT_EQ(attribute(json, "waybill.attempt"), "2");
  EXPECT_EQ(attribute(json, "waybill.outcome"), "confirmed");
}

TEST_F(Otlp, ATopicIsADestinationOfItsOwn) {
  config.brokers.front().url = Secret{"kafka://localhost"};
  const auto json = told_span();
  EXPECT_EQ(json.at("name"), "publish shop");
  EXPECT_EQ(attribute(json, "messaging.system"), "kafka");
  EXPECT_EQ(attribute(json, "messaging.rabbitmq.destination.routing_key"), "none");
}

TEST_F(Otlp, WhatWasNotConfirmedIsAnErrorInTheBrokersWords) {
  EXPECT_FALSE(told_span().at("status").contains("code"));
  span.outcome = broker::OutcomeKind::unroutable;
  span.answer = "312 NO_ROUTE \xff";
  const auto json = told_span();
  EXPECT_EQ(json.at("status").at("code"), 2);
  EXPECT_EQ(json.at("status").at("message"), "unroutable: 312 NO_ROUTE \xEF\xBF\xBD");
}

}  // namespace
}  // namespace waybill::http
