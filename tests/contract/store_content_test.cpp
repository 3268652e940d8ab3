// What messages carry: bytes unchanged, and rows that can never be published.

#include <gmock/gmock.h>

#include "store_suite.hpp"

namespace waybill::contract {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_P(StoreContract, PayloadIsCarriedByteForByte) {
  std::string odd;
  for (int byte = 0; byte < 256; ++byte) odd += static_cast<char>(byte);
  odd += std::string{"\0\xff\xfe\0", 4};
  auto lane = acquire();
  send_row({.payload = odd});
  send_row({.payload = ""});
  EXPECT_THAT(payloads(fetch(*lane, 2)), ElementsAre(odd, ""));
}

TEST_P(StoreContract, PayloadIsCarriedByteForByteThroughARetry) {
  const std::string odd{"\0\xff'\\x00\xc3\x28", 9};
  auto lane = acquire();
  send_row({.id = "m1", .key = "k", .payload = odd, .headers = R"({"a":"ü","b":""})"});
  settle(*lane, {retry(fetch(*lane, 1)[0], 10)});
  const auto again = due(*lane, 10);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].message->payload, odd);
  EXPECT_EQ(again[0].message->id.str(), "m1");
  EXPECT_EQ(again[0].message->key, Key{"k"});
  EXPECT_EQ(again[0].message->headers, (Headers{{"a", "ü"}, {"b", ""}}));
}

TEST_P(StoreContract, PersistedMessageComesBackAsItWas) {
  Message message;
  message.topic = Topic{"orders.created"};
  message.key = Key{"17"};
  message.payload = std::string{"\0x", 2};
  message.headers = {{"traceparent", "00-1-2-01"}};
  message.content_type = "application/json";
  auto ids = store().persist({&message, 1});
  ASSERT_TRUE(ids) << ids.error().message();
  ASSERT_EQ(ids->size(), 1U);
  auto lane = acquire();
  const auto claims = fetch(*lane, 1);
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].message->id, ids->front());
  EXPECT_EQ(claims[0].message->topic, message.topic);
  EXPECT_EQ(claims[0].message->key, message.key);
  EXPECT_EQ(claims[0].message->payload, message.payload);
  EXPECT_EQ(claims[0].message->headers, message.headers);
  EXPECT_EQ(claims[0].message->content_type, message.content_type);
}

TEST_P(StoreContract, PersistingIsAllOrNothing) {
  std::vector<Message> messages(3);
  for (auto& message : messages) message.topic = Topic{"orders.created"};
  messages[2].topic = Topic{""};
  auto ids = store().persist(messages);
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(count_sending(), 0U);
  messages[2].topic = Topic{"orders.created"};
  ids = store().persist(messages);
  ASSERT_TRUE(ids) << ids.error().message();
  EXPECT_EQ(ids->size(), 3U);
  EXPECT_EQ(count_sending(), 3U);
}

TEST_P(StoreContract, MalformedHeadersAreADefectAndOthersPass) {
  auto lane = acquire();
  send_row({.payload = "good"});
  send_row({.id = "bad", .payload = "bad", .headers = R"({"n":1})"});
  send_row({.payload = "list", .headers = R"(["a"])"});
  send_row({.payload = "good too", .headers = R"({"n":"1"})"});
  const auto claims = fetch(*lane, 4);
  ASSERT_EQ(claims.size(), 4U);
  EXPECT_EQ(claims[0].defect, "");
  EXPECT_THAT(claims[1].defect, HasSubstr("'n' is a number"));
  EXPECT_THAT(claims[2].defect, HasSubstr("headers"));
  EXPECT_EQ(claims[1].reason, "malformed");
  EXPECT_EQ(claims[3].defect, "");
  EXPECT_EQ(claims[3].reason, "");
  settle(*lane, {confirmed(claims[0]), failed(claims[1], "malformed", claims[1].defect), confirmed(claims[2]),
                 confirmed(claims[3])});
  const auto page = troubled();
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page[0].message.id.str(), "bad");
  EXPECT_EQ(page[0].message.payload, "bad");
  EXPECT_THAT(page[0].answer, HasSubstr("'n' is a number"));
}

TEST_P(StoreContract, PayloadOverTheLimitIsADefectAndIsNotLoaded) {
  auto lane = acquire();
  send_row({.id = "big", .payload = std::string(rig_max_payload + 1, 'x')});
  send_row({.payload = std::string(rig_max_payload, 'y')});
  const auto claims = fetch(*lane, 2);
  ASSERT_EQ(claims.size(), 2U);
  EXPECT_THAT(claims[0].defect, HasSubstr(std::to_string(rig_max_payload + 1)));
  EXPECT_THAT(claims[0].defect, HasSubstr(std::to_string(rig_max_payload)));
  EXPECT_EQ(claims[0].reason, "too_large");
  EXPECT_TRUE(claims[0].message->payload.empty());
  EXPECT_EQ(claims[1].defect, "");
  EXPECT_EQ(claims[1].message->payload.size(), rig_max_payload);
  settle(*lane, {failed(claims[0], "too_large", claims[0].defect), confirmed(claims[1])});
  EXPECT_EQ(count_failed(), 1U);
}

TEST_P(StoreContract, HeadersThatNoBrokerTakesAreADefectAndAreNotLoaded) {
  const std::size_t size = 3u << 20;
  auto lane = acquire();
  send_row({.id = "big", .headers = R"({"a":")" + std::string(size, 'x') + R"("})"});
  send_row({.headers = R"({"a":")" + std::string(100'000, 'y') + R"("})"});
  const auto claims = fetch(*lane, 2);
  ASSERT_EQ(claims.size(), 2U);
  EXPECT_THAT(claims[0].defect, HasSubstr(std::to_string(size + 8) + " bytes"));
  EXPECT_EQ(claims[0].reason, "malformed");
  EXPECT_TRUE(claims[0].message->headers.empty());
  EXPECT_EQ(claims[1].defect, "");
  ASSERT_EQ(claims[1].message->headers.size(), 1U);
  EXPECT_EQ(claims[1].message->headers.at("a"), std::string(100'000, 'y'));
  settle(*lane, {failed(claims[0], "malformed", claims[0].defect), confirmed(claims[1])});
  ASSERT_EQ(troubled().size(), 1U);
  EXPECT_EQ(troubled()[0].message.id.str(), "big");
}

TEST_P(StoreContract, LongHeadersSurviveARetry) {
  const std::string value(50'000, 'v');
  auto lane = acquire();
  send_row({.payload = std::string(50'000, 'p'), .headers = R"({"a":")" + value + R"("})"});
  send_row({.headers = R"({"a":")" + value + R"(","b":1})"});
  const auto claims = fetch(*lane, 2);
  ASSERT_EQ(claims.size(), 2U);
  EXPECT_THAT(claims[1].defect, HasSubstr("'b' is a number"));
  settle(*lane, {retry(claims[0], 10), confirmed(claims[1])});
  const auto again = due(*lane, 10);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].message->payload.size(), 50'000U);
  EXPECT_EQ(again[0].message->headers, (Headers{{"a", value}}));
}

/// Text that no compression makes short enough for an index.
std::string noise(std::size_t size) {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1'664'525U + 1'013'904'223U;
    text += static_cast<char>('!' + (state >> 16) % 90);
  }
  return text;
}

TEST_P(StoreContract, NamesOverTheirLimitAreADefectThatCanBeStoredAsFailed) {
  auto lane = acquire();
  send_row({.topic = noise(10'000)});
  send_row({.id = noise(10'001)});
  send_row({.key = noise(10'002)});
  send_row({.payload = "good"});
  const auto claims = fetch(*lane, 4);
  ASSERT_EQ(claims.size(), 4U);
  EXPECT_THAT(claims[0].defect, HasSubstr("topic has 10000 bytes"));
  EXPECT_THAT(claims[1].defect, HasSubstr("id has 10001 bytes"));
  EXPECT_THAT(claims[2].defect, HasSubstr("key has 10002 bytes"));
  EXPECT_EQ(claims[3].defect, "");
  std::vector<Settlement> messages{confirmed(claims[3])};
  for (std::size_t at = 0; at < 3; ++at) {
    EXPECT_EQ(claims[at].reason, "malformed");
    messages.push_back(failed(claims[at], "malformed", claims[at].defect));
    messages.back().blocks = true;
  }
  settle(*lane, messages);
  EXPECT_EQ(troubled().size(), 3U);
}

TEST_P(StoreContract, HeadersCountTowardsTheLimitOfBytes) {
  auto lane = acquire();
  for (int i = 0; i < 6; ++i) send_row({.headers = R"({"a":")" + std::string(100'000, 'h') + R"("})"});
  std::size_t seen = 0;
  const auto deadline = Deadline::after(std::chrono::seconds{20});
  while (seen < 6 && !deadline.passed()) {
    auto fetched = lane->fetch({100, 250'000});
    ASSERT_TRUE(fetched) << fetched.error().message();
    EXPECT_LE(fetched->messages.size(), 2U);
    seen += fetched->messages.size();
  }
  EXPECT_EQ(seen, 6U);
}

TEST_P(StoreContract, FetchKeepsWithinTheLimitOfMessages) {
  auto lane = acquire();
  send(5);
  auto first = lane->fetch({2, 1 << 20});
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_THAT(payloads(first->messages), ElementsAre("1", "2"));
  EXPECT_TRUE(first->more);
  EXPECT_THAT(payloads(fetch(*lane, 3)), ElementsAre("3", "4", "5"));
}

TEST_P(StoreContract, FetchKeepsWithinTheLimitOfBytesButGivesAtLeastOne) {
  auto lane = acquire();
  for (const std::size_t size : {300'000U, 10U, 200'000U, 100'000U, 10U}) send_row({.payload = std::string(size, 'p')});
  std::vector<std::size_t> sizes;
  std::size_t calls = 0;
  const auto deadline = Deadline::after(std::chrono::seconds{20});
  while (sizes.size() < 5 && !deadline.passed()) {
    auto fetched = lane->fetch({100, 250'000});
    ASSERT_TRUE(fetched) << fetched.error().message();
    std::size_t bytes = 0;
    for (const auto& claimed : fetched->messages) {
      sizes.push_back(claimed.message->payload.size());
      bytes += sizes.back();
    }
    if (fetched->messages.size() > 1) {
      EXPECT_LE(bytes, 250'000U);
    }
    if (sizes.size() < 5) {
      EXPECT_TRUE(fetched->more);
    }
    ++calls;
  }
  EXPECT_THAT(sizes, ElementsAre(300'000, 10, 200'000, 100'000, 10));
  EXPECT_GE(calls, 3U);
}

TEST_P(StoreContract, NotBeforeIsToldAsAWait) {
  const std::int64_t now_ms = unix_ms_now();
  auto lane = acquire();
  send_row({.payload = "later", .not_before_ms = now_ms + 3'600'000});
  send_row({.payload = "past", .not_before_ms = now_ms - 1000});
  const auto claims = fetch(*lane, 2);
  ASSERT_EQ(claims.size(), 2U);
  EXPECT_GT(claims[0].wait, std::chrono::minutes{58});
  EXPECT_LE(claims[0].wait, std::chrono::minutes{61});
  EXPECT_EQ(claims[1].wait, Duration::zero());
}

}  // namespace
}  // namespace waybill::contract
