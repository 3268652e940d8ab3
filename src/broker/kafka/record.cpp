#include "broker/kafka/record.hpp"

#include "broker/kafka/settings.hpp"
#include "broker/text_headers.hpp"
#include "core/uuid.hpp"
#include "core/validate.hpp"

namespace waybill::broker::kafka {
namespace {

constexpr std::string_view cloudevents_prefix = "ce_";
constexpr std::int64_t longest_past_ms = std::int64_t{10} * 60 * 1000;

void add(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) {
  // It fails only without memory, and then so does everything.
  rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                      static_cast<ssize_t>(value.size()));
}

void read_headers(Delivery& delivery, const rd_kafka_message_t& record) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&record, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    read_header(delivery, name,
                value == nullptr ? std::string_view{} : std::string_view(static_cast<const char*>(value), size));
  }
}

std::size_t size_of(const Outgoing& outgoing) {
  const Message& message = *outgoing.message;
  std::size_t sum = message.payload.size() + 512;  // of our own headers and Kafka's framing, at most
  for (const Headers* headers : {&message.headers, &outgoing.attributes, &outgoing.layout}) {
    for (const auto& [name, value] : *headers) sum += name.size() + value.size() + 16;
  }
  return sum;
}

}  // namespace

std::optional<std::string> record_fault(const Outgoing& outgoing) {
  if (auto fault = kafka_topic_fault(outgoing.exchange)) return fault;
  const std::size_t size = size_of(outgoing);
  if (size <= largest_message) return std::nullopt;
  return "the message has about " + std::to_string(size) + " bytes with its headers; a Kafka broker closes the " +
         "connection on more than " + std::to_string(largest_message);
}

HeadersHandle make_headers(const Outgoing& outgoing) {
  const Message& message = *outgoing.message;
  HeadersHandle headers(
      rd_kafka_headers_new(message.headers.size() + outgoing.attributes.size() + outgoing.layout.size() + 6));
  const auto add_one = [&headers](std::string_view name, std::string_view value) { add(headers.get(), name, value); };
  for_each_user_header(outgoing, add_one);
  for (const auto& [name, value] : outgoing.attributes) add_one(std::string(cloudevents_prefix) + name, value);
  if (!message.id.empty()) add_one(id_header, message.id.str());
  for_each_own_header(outgoing, add_one);
  return headers;
}

std::int64_t timestamp_of(const Outgoing& outgoing, std::int64_t now_ms) {
  const std::int64_t at =
      outgoing.persisted_at_ms > 0 ? outgoing.persisted_at_ms : uuid7_unix_ms(outgoing.message->id.str()).value_or(0);
  return at > now_ms || at < now_ms - longest_past_ms ? 0 : at;
}

Delivery read_record(const rd_kafka_message_t& record) {
  Delivery delivery;
  Message& message = delivery.message;
  message.topic = Topic(rd_kafka_topic_name(record.rkt));
  if (record.key != nullptr) message.key = Key(std::string(static_cast<const char*>(record.key), record.key_len));
  if (record.payload != nullptr) message.payload.assign(static_cast<const char*>(record.payload), record.len);
  read_headers(delivery, record);
  settle_persisted_at(delivery, rd_kafka_message_timestamp(&record, nullptr));
  return delivery;
}

}  // namespace waybill::broker::kafka
