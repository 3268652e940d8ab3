#pragma once

#include <apache/rocketmq/v2/service.pb.h>
#include <grpcpp/grpcpp.h>

#include <string>

namespace waybill::broker::rocketmq {

namespace v2 = apache::rocketmq::v2;

/// What an answer says of a message, or of all messages that one call sent together.
struct Reply {
  enum class Kind {
    confirmed,
    refused,      ///< the message's own fault
    route_fault,  ///< the topic's, or our rights to it
    busy,         ///< not taken now; the broker will take it later
    doubtful,     ///< the broker may have it, but does not answer for it
    lost,         ///< no answer: the proxy can't be reached any more
  };
  Kind kind = Kind::doubtful;
  std::string words;  ///< RocketMQ's; empty for confirmed
};

Reply read_reply(const grpc::Status& status, const v2::SendMessageResponse& response);

/// What RocketMQ says, by the code's name: `TOPIC_NOT_FOUND: No topic route info ...`.
std::string words_of(const v2::Status& status);
/// The same of a call that got no answer: `UNAVAILABLE: failed to connect ...`.
std::string words_of(const grpc::Status& status);

/// The login is wrong, or has no right to this.
bool refuses_us(v2::Code code);
/// The topic is missing, or not for us.
bool is_fault_of_topic(v2::Code code);

}  // namespace waybill::broker::rocketmq
