// Fault 17: what AMQP can't express fails before the socket, with a reason that names the part.

#include "broker/rabbitmq/content.hpp"

#include <gtest/gtest.h>

namespace waybill::broker::rabbitmq {
namespace {

class Content : public ::testing::Test {
 protected:
  Status begin() {
    const Outgoing outgoing{Tag{1}, std::make_shared<Message>(message_), exchange_, routing_key_, 1, {}};
    return encoder_.begin(out_, 1, outgoing, 0);
  }
  void expect_refused(const std::string& part) {
    const Status status = begin();
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message().find(part), std::string::npos) << status.error().message();
    EXPECT_TRUE(out_.pending().empty()) << "nothing may be left for the socket";
  }

  Message message_;
  std::string exchange_ = "shop", routing_key_ = "key";
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

}  // namespace
}  // namespace waybill::broker::rabbitmq
