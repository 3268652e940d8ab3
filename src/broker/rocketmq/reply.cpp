#include "broker/rocketmq/reply.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace waybill::broker::rocketmq {
namespace {

using Kind = Reply::Kind;

/// Several faults of a broker reach the proxy's answer as the code INTERNAL_SERVER_ERROR: those of one message, and
/// these, which pass. Source of the words: RocketMQ's classes SendMessageProcessor and BrokerFastFailure.
bool says_not_now(const std::string& words) {
  constexpr std::array<std::string_view, 6> signs{"service not available", "broker busy",      "system busy",
                                                  "create mapped file",    "in-sync replicas", "not in running"};
  return std::any_of(signs.begin(), signs.end(),
                     [&words](std::string_view sign) { return words.find(sign) != std::string::npos; });
}

/// A topic that was deleted has no type any more. Source of the words: the proxy's class
/// DefaultTopicMessageTypeValidator.
bool says_no_topic(const std::string& words) { return words.find("type is UNSPECIFIED") != std::string::npos; }

Kind kind_of(const v2::Status& status) {
  switch (status.code()) {
    case v2::OK:
      return Kind::confirmed;
    case v2::MASTER_PERSISTENCE_TIMEOUT:
    case v2::SLAVE_PERSISTENCE_TIMEOUT:
    case v2::HA_NOT_AVAILABLE:
    case v2::PROXY_TIMEOUT:
    case v2::REQUEST_TIMEOUT:
      return Kind::doubtful;
    case v2::TOO_MANY_REQUESTS:
      return Kind::busy;
    case v2::INTERNAL_SERVER_ERROR:
    case v2::INTERNAL_ERROR:
      return says_not_now(status.message()) ? Kind::doubtful : Kind::refused;
    case v2::MESSAGE_PROPERTY_CONFLICT_WITH_TYPE:
      return says_no_topic(status.message()) ? Kind::route_fault : Kind::refused;
    default:
      return is_fault_of_topic(status.code()) ? Kind::route_fault : Kind::refused;
  }
}

Reply unanswered(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {Kind::doubtful, words_of(status)};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
      return {Kind::refused, words_of(status)};
    case grpc::StatusCode::PERMISSION_DENIED:
      return {Kind::route_fault, words_of(status)};
    default:
      return {Kind::lost, words_of(status)};
  }
}

std::string_view name_of(grpc::StatusCode code) {
  constexpr std::array<std::string_view, 17> names{
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  const auto at = static_cast<std::size_t>(code);
  return at < names.size() ? names[at] : "status";
}

}  // namespace

Reply read_reply(const grpc::Status& status, const v2::SendMessageResponse& response) {
  if (!status.ok()) return unanswered(status);
  const v2::Status* worst = &response.status();
  for (const auto& entry : response.entries()) {
    if (entry.status().code() != v2::OK) worst = &entry.status();
  }
  // Without an entry nobody has answered for the message.
  if (response.entries().empty() && worst->code() == v2::OK) return {Kind::doubtful, "an answer without a result"};
  const Kind kind = kind_of(*worst);
  return {kind, kind == Kind::confirmed ? std::string() : words_of(*worst)};
}

std::string words_of(const v2::Status& status) {
  std::string words = v2::Code_Name(status.code());
  if (words.empty()) words = std::to_string(static_cast<int>(status.code()));
  return status.message().empty() ? words : words + ": " + status.message();
}

std::string words_of(const grpc::Status& status) {
  std::string words(name_of(status.error_code()));
  return status.error_message().empty() ? words : words + ": " + status.error_message();
}

bool refuses_us(v2::Code code) { return code == v2::UNAUTHORIZED || code == v2::FORBIDDEN; }

bool is_fault_of_topic(v2::Code code) {
  return code == v2::TOPIC_NOT_FOUND || code == v2::NOT_FOUND || code == v2::ILLEGAL_TOPIC || refuses_us(code);
}

}  // namespace waybill::broker::rocketmq
