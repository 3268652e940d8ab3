#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "waybill/message.h"
#include "waybill/result.h"

namespace waybill {

bool is_utf8(std::string_view text) noexcept;

/// What every way of sending checks first: topic present, id, topic, key and header names at most 255 bytes and UTF-8
/// without NUL, header values UTF-8. The error names the part (`header 'x'`, `id`) and says what is allowed.
Status validate(const Message& message);

/// Why a name can't be a topic of Kafka: 1 to 249 letters, digits, `.`, `_` and `-`, neither `.` nor `..`. Source:
/// Kafka's class org.apache.kafka.common.internals.Topic.
std::optional<std::string> kafka_topic_fault(std::string_view name);

/// The same for RocketMQ: 1 to 127 letters, digits, `_`, `-`, `%` and `|`. Source: its class Validators.
std::optional<std::string> rocketmq_topic_fault(std::string_view name);

}  // namespace waybill
