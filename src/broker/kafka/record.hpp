#pragma once

/// \file
/// A message as a Kafka record. The record's key is the message's key; its headers are text: the user's own,
/// `content-type`, Waybill's (`wire_headers.hpp`) and the attributes of CloudEvents with `ce_` before each. Source of
/// the last and of `content-type`: the CloudEvents Kafka protocol binding, section 3.2.

#include <optional>
#include <string>

#include "broker/kafka/handles.hpp"
#include "broker/publisher.hpp"
#include "waybill/consumer.h"

namespace waybill::broker::kafka {

/// Why the message can't be a record: a topic's name that Kafka forbids, a message larger than `largest_message`.
std::optional<std::string> record_fault(const Outgoing& outgoing);

HeadersHandle make_headers(const Outgoing& outgoing);

/// The record's timestamp in Unix ms: when the service stored the message, if that was just now by this host's clock,
/// or 0, for which the library takes the present. An old timestamp would let the topic's retention delete a message
/// that waited long for a person, and brokers refuse one from the future.
std::int64_t timestamp_of(const Outgoing& outgoing, std::int64_t now_ms);

/// The delivery that a record of the topic is, without what only the consumer knows (tag, session, redelivered). Bytes
/// of any kind: a record that another program wrote may have any key and headers.
Delivery read_record(const rd_kafka_message_t& record);

}  // namespace waybill::broker::kafka
