// What an answer of RocketMQ says of a message: brokers.md section 3, case 23.

#include <gtest/gtest.h>

#include "broker/rocketmq/reply.hpp"

namespace waybill::broker::rocketmq {
namespace {

using Kind = Reply::Kind;

v2::SendMessageResponse answer(v2::Code code, const std::string& words = "") {
  v2::SendMessageResponse response;
  response.mutable_status()->set_code(code);
  auto& status = *response.add_entries()->mutable_status();
  status.set_code(code);
  status.set_message(words);
  return response;
}

Kind kind_of(v2::Code code, const std::string& words = "") {
  return read_reply(grpc::Status::OK, answer(code, words)).kind;
}

TEST(RocketMqReply, OnlySendOkConfirms) {
  EXPECT_EQ(kind_of(v2::OK), Kind::confirmed);
  for (int code = 0; code < 60001; ++code) {
    if (code == v2::OK || !v2::Code_IsValid(code)) continue;
    EXPECT_NE(kind_of(static_cast<v2::Code>(code)), Kind::confirmed) << code;
  }
}

TEST(RocketMqReply, Case23StoredButNotAnsweredForIsInDoubt) {
  EXPECT_EQ(kind_of(v2::MASTER_PERSISTENCE_TIMEOUT), Kind::doubtful);
  EXPECT_EQ(kind_of(v2::SLAVE_PERSISTENCE_TIMEOUT), Kind::doubtful);
  EXPECT_EQ(kind_of(v2::HA_NOT_AVAILABLE), Kind::doubtful);
  EXPECT_EQ(kind_of(v2::PROXY_TIMEOUT), Kind::doubtful);
  EXPECT_EQ(read_reply(grpc::Status::OK, answer(v2::HA_NOT_AVAILABLE, "sendStatus=SLAVE_NOT_AVAILABLE")).words,
            "HA_NOT_AVAILABLE: sendStatus=SLAVE_NOT_AVAILABLE");
}

TEST(RocketMqReply, OneEntryThatFailedIsEnoughForAll) {
  v2::SendMessageResponse response = answer(v2::OK);
  response.add_entries()->mutable_status()->set_code(v2::MASTER_PERSISTENCE_TIMEOUT);
  response.mutable_status()->set_code(v2::MULTIPLE_RESULTS);
  EXPECT_EQ(read_reply(grpc::Status::OK, response).kind, Kind::doubtful);
}

TEST(RocketMqReply, AnAnswerWithoutAResultConfirmsNothing) {
  v2::SendMessageResponse response;
  response.mutable_status()->set_code(v2::OK);
  EXPECT_EQ(read_reply(grpc::Status::OK, response).kind, Kind::doubtful);
}

TEST(RocketMqReply, FaultsOfTheTopicOfTheMessageAndOfTheMoment) {
  EXPECT_EQ(kind_of(v2::TOPIC_NOT_FOUND), Kind::route_fault);
  EXPECT_EQ(kind_of(v2::FORBIDDEN), Kind::route_fault);
  EXPECT_EQ(kind_of(v2::MESSAGE_BODY_TOO_LARGE), Kind::refused);
  EXPECT_EQ(kind_of(v2::MESSAGE_PROPERTY_CONFLICT_WITH_TYPE), Kind::refused);
  EXPECT_EQ(kind_of(v2::TOO_MANY_REQUESTS), Kind::busy);
  EXPECT_EQ(kind_of(v2::INTERNAL_SERVER_ERROR, "the message is illegal, maybe msg properties length limit 32767"),
            Kind::refused);
  EXPECT_EQ(kind_of(v2::INTERNAL_SERVER_ERROR, "service not available now. It may be caused by ... disk is full"),
            Kind::doubtful);
}

TEST(RocketMqReply, WithoutAnAnswerTheProxyIsLostUnlessTheCallWas) {
  const v2::SendMessageResponse none;
  EXPECT_EQ(read_reply({grpc::StatusCode::UNAVAILABLE, "Socket closed"}, none).kind, Kind::lost);
  EXPECT_EQ(read_reply({grpc::StatusCode::UNAVAILABLE, "Socket closed"}, none).words, "UNAVAILABLE: Socket closed");
  EXPECT_EQ(read_reply({grpc::StatusCode::DEADLINE_EXCEEDED, ""}, none).kind, Kind::doubtful);
  EXPECT_EQ(read_reply({grpc::StatusCode::RESOURCE_EXHAUSTED, "larger than max"}, none).kind, Kind::refused);
}

}  // namespace
}  // namespace waybill::broker::rocketmq
