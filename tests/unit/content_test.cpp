// Fault 17: what AMQP can't express fails before the socket, with a reason that names the part.

#include "broker/rabbitmq/content.hpp"

#include <gtest/gtest.h>

namespace waybill::broker::rabbitmq {
namespace {

class Content : public ::testing::Test {
 protected:
  Status begin() {
    const Outgoing outgoing{Tag{1},          std::make_shared<Message>(message_), exchange_, routing_key_, 1, {},
                            persisted_at_ms_};
    return encoder_.begin(out_, 1, outgoing);
  }
  void expect_refused(const std::string& part) {
    const Status status = begin();
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message().find(part), std::string::npos) << status.error().message();
    EXPECT_TRUE(out_.pending().empty()) << "nothing may be left for the socket";
  }

  Message message_;
  std::string exchange_ = "shop", routing_key_ = "key";
  std::int64_t persisted_at_ms_ = 0;
  ContentEncoder encoder_;
  FrameWriter out_;
};

TEST_F(Content, Case17NamesOver255BytesAreRefusedAndNamed) {
  const std::string at_most(255, 'n'), too_long(256, 'n');
  routing_key_ = exchange_ = at_most;
  message_.id = MessageId(at_most);
  message_.headers[at_most] = "value";
  EXPECT_TRUE(begin());
  out_.written(out_.pending().size());

  routing_key_ = too_long;
  expect_refused("the routing key has 256 bytes");
  routing_key_ = "key";
  exchange_ = too_long;
  expect_refused("the exchange's name has 256 bytes");
  exchange_ = "shop";
  message_.id = MessageId(too_long);
  expect_refused("the id has 256 bytes");
  message_.id = MessageId("id");
  message_.headers[too_long] = "value";
  expect_refused("the name of header");
}

TEST_F(Content, Case17HeadersLargerThanAFrameAreRefused) {
  message_.headers["large"] = std::string(default_frame_max, 'v');
  expect_refused("131072 bytes");
  message_.headers["large"] = std::string(default_frame_max - 1000, 'v');
  EXPECT_TRUE(begin());
}

TEST_F(Content, SmallNegotiatedFramesLimitTheHeaders) {
  out_.set_frame_max(4096);
  message_.headers["large"] = std::string(4096, 'v');
  expect_refused("4096 bytes");
}

TEST_F(Content, CarriesNoHeaderThatTheOtherEndCanDerive) {
  const auto sent = [this] {
    EXPECT_TRUE(begin());
    std::string bytes(out_.pending());
    out_.written(bytes.size());
    return bytes;
  };
  const auto carries = [](const std::string& bytes, const char* header) {
    return bytes.find(header) != std::string::npos;
  };
  message_.id = MessageId("01890a5d-ac96-774b-bcce-b302099a8057");
  message_.topic = Topic("key");
  persisted_at_ms_ = 1'700'000'000'000;
  const std::string derived = sent();
  EXPECT_FALSE(carries(derived, "waybill-topic"));
  EXPECT_FALSE(carries(derived, "waybill-persisted-at"));
  EXPECT_TRUE(carries(derived, "waybill-attempt"));

  message_.id = MessageId("order-17");
  message_.topic = Topic("orders.created");
  const std::string told = sent();
  EXPECT_TRUE(carries(told, "waybill-topic"));
  EXPECT_TRUE(carries(told, "waybill-persisted-at"));
}

}  // namespace
}  // namespace waybill::broker::rabbitmq
