#pragma once

#include <optional>
#include <string_view>

#include "core/secret.hpp"

namespace waybill {

/// The brokers that messages can go to.
enum class BrokerKind { rabbitmq, kafka, rocketmq, memory };

/// Which one a URL's scheme names; nothing for any other scheme.
std::optional<BrokerKind> broker_kind(std::string_view scheme) noexcept;
/// The same of a whole URL; nothing for a malformed one too.
std::optional<BrokerKind> broker_kind(const Secret& url);

/// Every scheme that names one, for messages: `amqp://, amqps://, ...`.
inline constexpr const char* broker_schemes_in_words =
    "amqp://, amqps://, kafka://, kafkas://, rocketmq://, rocketmqs:// or memory://";

}  // namespace waybill
