#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "core/url.hpp"
#include "core/uuid.hpp"
#include "kafka_topics.hpp"

namespace waybill::testing {

inline std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

/// The URL of the listener that takes TLS and a password only, with another password than the right one.
inline std::string url_with_wrong_password() {
  std::string url = environment("WAYBILL_TEST_KAFKA_SECURE");
  return url.insert(url.rfind('@'), "wr0ng");
}

/// A test on the broker of WAYBILL_TEST_KAFKA, with a name for a topic of its own, which is removed in the end.
class OnKafka : public ::testing::Test {
 protected:
  void SetUp() override {
    url_ = environment("WAYBILL_TEST_KAFKA");
    ASSERT_NE(url_, "") << "`make test` starts a private broker and sets WAYBILL_TEST_KAFKA";
    const auto parsed = parse_url(url_);
    servers_ = parsed->host + ":" + std::to_string(parsed->port);
    topics_ = std::make_unique<KafkaTopics>(servers_);
  }
  void TearDown() override {
    if (topics_) topics_->remove(topic_);
  }

  std::string url_, servers_;
  std::string topic_ = "test-" + make_uuid7();
  std::unique_ptr<KafkaTopics> topics_;
};

}  // namespace waybill::testing
