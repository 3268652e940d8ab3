#include <gtest/gtest.h>

#include "admin/base64.hpp"
#include "admin/sending.hpp"

namespace waybill::admin {
namespace {

class Batch : public testing::Test {
 protected:
  Batch() {
    config.file = "waybill.toml";
    auto& shop = config.stores.emplace_back();
    shop.name = "shop";
    shop.url = Secret("memory://");
    shop.max_payload = 10;
    config.routes.emplace_back();
    config.routes.back().topic = "orders.*";
  }
  SendingRules rules() { return {&config, &config.stores.front(), true}; }
  Result<std::vector<Message>> parse(const std::string& text) { return parse_batch(text, "b.ndjson", rules()); }
  std::string error_of(const std::string& text) {
    auto parsed = parse(text);
    return parsed ? "no error" : parsed.error().message();
  }

  Config config;
};

TEST_F(Batch, ReadsEveryField) {
  auto parsed = parse(
      "{\"topic\":\"orders.a\",\"key\":\"17\",\"id\":\"x\",\"headers\":{\"n\":\"v\"},\"payload\":\"p\","
      "\"content_type\":\"text/plain\"}\n\n{\"topic\":\"orders.b\",\"payload_base64\":\"AP8=\"}");
  ASSERT_TRUE(parsed) << parsed.error().message();
  ASSERT_EQ(parsed->size(), 2U);
  const auto& first = parsed->front();
  EXPECT_EQ(first.topic.str(), "orders.a");
  EXPECT_EQ(first.key->str(), "17");
  EXPECT_EQ(first.id.str(), "x");
  EXPECT_EQ(first.headers.at("n"), "v");
  EXPECT_EQ(first.content_type, "text/plain");
  EXPECT_EQ(parsed->back().payload, std::string("\0\xff", 2));
}

TEST_F(Batch, NamesLineAndColumnOfWhatIsNotJson) {
  const auto error = error_of("{\"topic\":\"orders.a\"}\n{\"topic\":\"orders.a\",}\n");
  EXPECT_EQ(error.rfind("b.ndjson:2:21: ", 0), 0U) << error;
}

TEST_F(Batch, UnknownFieldNamesTheNearest) {
  const auto error = error_of("{\"topic\":\"orders.a\",\"paylod\":\"x\"}");
  EXPECT_NE(error.find("'paylod'"), std::string::npos) << error;
  EXPECT_NE(error.find("did you mean 'payload'"), std::string::npos) << error;
}

TEST_F(Batch, RefusesWhatCanNeverWork) {
  EXPECT_NE(error_of("[]").find("object"), std::string::npos);
  EXPECT_NE(error_of("{\"payload\":\"x\"}").find("topic"), std::string::npos);
  EXPECT_NE(error_of("{\"topic\":5}").find("number"), std::string::npos);
  EXPECT_NE(error_of("{\"topic\":\"orders.a\",\"headers\":[]}").find("headers"), std::string::npos);
  EXPECT_NE(error_of("{\"topic\":\"orders.a\",\"payload_base64\":\"a!\"}").find("base64"), std::string::npos);
  EXPECT_NE(error_of("{\"topic\":\"orders.a\",\"payload\":\"\",\"payload_base64\":\"\"}").find("exclude"),
            std::string::npos);
}

TEST_F(Batch, PayloadOverTheLimitNamesBothFigures) {
  const auto error = error_of("{\"topic\":\"orders.a\",\"payload\":\"12345678901\"}");
  EXPECT_NE(error.find("11 bytes"), std::string::npos) << error;
  EXPECT_NE(error.find("10"), std::string::npos) << error;
}

TEST_F(Batch, TopicWithoutRouteNamesTheNearestRoute) {
  const auto error = error_of("{\"topic\":\"order.created\"}");
  EXPECT_NE(error.find("'order.created'"), std::string::npos) << error;
  EXPECT_NE(error.find("nearest route: 'orders.*'"), std::string::npos) << error;
}

TEST(Base64, KnownVectors) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text).value(), bytes);
  }
  EXPECT_FALSE(from_base64("Z"));
  EXPECT_FALSE(from_base64("===="));
}

TEST(Header, NeedsNameAndValue) {
  Headers headers;
  EXPECT_TRUE(add_header("a=b=c", headers));
  EXPECT_EQ(headers.at("a"), "b=c");
  EXPECT_FALSE(add_header("novalue", headers));
  EXPECT_FALSE(add_header("=x", headers));
  EXPECT_FALSE(add_header("a=again", headers));
}

}  // namespace
}  // namespace waybill::admin
