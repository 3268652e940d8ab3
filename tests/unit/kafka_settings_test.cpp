// What a user may set of librdkafka, and what not.

#include <gtest/gtest.h>

#include <array>

#include "broker/kafka/settings.hpp"

namespace waybill::broker::kafka {
namespace {

BrokerConfig config(const std::string& url, const std::vector<std::pair<std::string, std::string>>& properties = {}) {
  BrokerConfig config;
  config.name = "main";
  config.url = Secret(url);
  for (const auto& [name, value] : properties) config.properties.push_back({name, Secret(value)});
  return config;
}

std::string value(const SettingsHandle& settings, const char* name) {
  std::array<char, 256> text{};
  std::size_t size = text.size();
  return rd_kafka_conf_get(settings.get(), name, text.data(), &size) == RD_KAFKA_CONF_OK ? text.data() : "unknown";
}

std::string error(const std::string& url, const std::string& name, const std::string& to) {
  const auto settings = producer_settings(config(url, {{name, to}}));
  return settings ? "" : settings.error().message();
}

TEST(KafkaSettings, TheUrlGivesServersTlsAndLogin) {
  const auto plain = producer_settings(config("kafka://a:1,b:2,c"));
  ASSERT_TRUE(plain) << plain.error().message();
  EXPECT_EQ(value(*plain, "bootstrap.servers"), "a:1,b:2,c:9092");
  EXPECT_EQ(value(*plain, "security.protocol"), "plaintext");
  const auto secure = producer_settings(config("kafkas://shop:s%40cret@[::1]:9093"));
  ASSERT_TRUE(secure) << secure.error().message();
  EXPECT_EQ(value(*secure, "bootstrap.servers"), "[::1]:9093");
  EXPECT_EQ(value(*secure, "security.protocol"), "sasl_ssl");
  EXPECT_EQ(value(*secure, "sasl.password"), "s@cret");
  EXPECT_EQ(value(*secure, "ssl.endpoint.identification.algorithm"), "https");
  EXPECT_EQ(value(*secure, "enable.ssl.certificate.verification"), "true");
}

TEST(KafkaSettings, WhatThePromisesNeedIsSet) {
  const auto settings = producer_settings(config("kafka://a"));
  ASSERT_TRUE(settings);
  EXPECT_EQ(value(*settings, "enable.idempotence"), "true");
  EXPECT_EQ(value(*settings, "acks"), "-1");
  EXPECT_EQ(value(*settings, "message.timeout.ms"), "0");
  EXPECT_EQ(value(*settings, "partitioner"), "murmur2_random");
}

TEST(KafkaSettings, AnyOtherPropertyPassesThrough) {
  const auto settings = producer_settings(
      config("kafka://u:p@a", {{"compression.type", "lz4"}, {"sasl.mechanisms", "SCRAM-SHA-256"}, {"linger.ms", "7"}}));
  ASSERT_TRUE(settings) << settings.error().message();
  EXPECT_EQ(value(*settings, "compression.type"), "lz4");
  EXPECT_EQ(value(*settings, "sasl.mechanisms"), "SCRAM-SHA-256");
  EXPECT_EQ(value(*settings, "linger.ms"), "7");
}

TEST(KafkaSettings, WhatWouldBreakAPromiseIsRefusedWithTheReason) {
  for (const auto& [name, to] : std::vector<std::pair<std::string, std::string>>{{"acks", "1"},
                                                                                 {"request.required.acks", "0"},
                                                                                 {"enable.idempotence", "false"},
                                                                                 {"delivery.timeout.ms", "1000"},
                                                                                 {"message.timeout.ms", "1000"},
                                                                                 {"retries", "0"},
                                                                                 {"transactional.id", "t"},
                                                                                 {"partitioner", "random"},
                                                                                 {"queuing.strategy", "lifo"},
                                                                                 {"bootstrap.servers", "b"}}) {
    const std::string words = error("kafka://a", name, to);
    EXPECT_NE(words.find("broker.main.properties: '" + name + "' is refused: "), std::string::npos) << words;
  }
  EXPECT_EQ(error("kafka://a", "partitioner", "consistent_random"), "");
}

TEST(KafkaSettings, UnknownPropertiesAndBadValuesAreNamed) {
  EXPECT_EQ(error("kafka://a", "compresion.type", "lz4"),
            "broker.main.properties: librdkafka has no property 'compresion.type' (did you mean 'compression.type'?)");
  EXPECT_NE(error("kafka://a", "linger.ms", "soon").find("'linger.ms'"), std::string::npos);
  const std::string secret = error("kafka://a", "ssl.key.password", std::string("hid\0den", 7));
  EXPECT_EQ(secret.find("hid"), std::string::npos);
}

TEST(KafkaSettings, AUrlWithAPathIsRefused) {
  const auto settings = producer_settings(config("kafka://u:secret@a/orders"));
  ASSERT_FALSE(settings);
  EXPECT_NE(settings.error().message().find("a path has no meaning"), std::string::npos);
  EXPECT_EQ(settings.error().message().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace waybill::broker::kafka
