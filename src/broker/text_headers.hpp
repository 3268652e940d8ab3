#pragma once

/// \file
/// Waybill's headers on a wire whose headers are text, as on Kafka and RocketMQ.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/publisher.hpp"
#include "broker/wire_headers.hpp"
#include "core/uuid.hpp"
#include "waybill/consumer.h"

namespace waybill::broker {

inline constexpr std::string_view content_type_header = "content-type";

/// Calls `add(name, value)` for each header that tells a consumer what the message's other fields there do not.
template <class Add>
void for_each_own_header(const Outgoing& outgoing, const Add& add) {
  const Message& message = *outgoing.message;
  if (!message.content_type.empty()) add(content_type_header, message.content_type);
  if (message.topic.str() != outgoing.exchange) add(topic_header, message.topic.str());
  if (message.key) add(key_header, message.key->str());
  add(attempt_header, std::to_string(outgoing.attempt));
  if (outgoing.persisted_at_ms > 0 && !uuid7_unix_ms(message.id.str())) {
    add(persisted_at_header, std::to_string(outgoing.persisted_at_ms));
  }
}

/// Puts a header where it belongs in the delivery: one of ours into its field, any other to the user's.
void read_header(Delivery& delivery, std::string_view name, std::string_view value);

/// When the service stored the message: as its id says, else its header, else the broker's own time, if that is known.
void settle_persisted_at(Delivery& delivery, std::int64_t broker_unix_ms);

/// The whole of the text as a number, or nothing.
std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace waybill::broker
