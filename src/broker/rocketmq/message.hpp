#pragma once

/// \file
/// A message as one of RocketMQ. Its message id and its key (by which consoles search) are the message's id; its tag is
/// the route's routing key; its properties are text: the user's headers, `content-type`, Waybill's
/// (`wire_headers.hpp`) and the attributes of CloudEvents with `CE_` before each. Source of the last and of
/// `CE_contenttype`: the RocketMQ binding of CloudEvents' Java SDK. Source of what is allowed: the proxy's classes
/// SendMessageActivity and GrpcValidator.
///
/// RocketMQ has no empty messages and loses properties without a value: an empty payload travels as one NUL byte (as in
/// that SDK) and headers without a value in one property, and each says so.

#include <apache/rocketmq/v2/definition.pb.h>

#include <cstdint>
#include <optional>
#include <string>

#include "broker/publisher.hpp"
#include "waybill/consumer.h"

namespace waybill::broker::rocketmq {

namespace v2 = apache::rocketmq::v2;

/// How a topic hands a message on: at once, in the order of its group, or at a time of its own.
enum class Delivering { normal, fifo, delayed };

/// Unix milliseconds, in a topic of type DELAY the time from which the message is handed to consumers.
inline constexpr std::string_view deliver_at_header = "rocketmq-deliver-at";

inline constexpr std::string_view empty_payload_property = "waybill-empty-payload";
inline constexpr std::string_view empty_headers_property = "waybill-empty-headers";  ///< their names, as JSON's keys

/// Why the message can't be one of RocketMQ: a topic's name that it forbids, control characters in what becomes a
/// property, a delivery time that is no number.
std::optional<std::string> message_fault(const Outgoing& outgoing);

/// Whether it asks for a delivery time.
bool has_delivery_time(const Outgoing& outgoing);

/// The message group that keeps the order of the message's key: the key itself if RocketMQ takes it (at most 63 bytes),
/// a digest of it otherwise. Without a key, its id: then it is in nobody's order.
std::string group_of(const Outgoing& outgoing);

v2::Message make_message(const Outgoing& outgoing, Delivering delivering, const std::string& resource_namespace);

/// The delivery that a message is, without what only the consumer knows (tag, session). A message that another program
/// sent may have any id and properties; what it packed is unpacked.
Delivery read_message(const v2::Message& message);

}  // namespace waybill::broker::rocketmq
