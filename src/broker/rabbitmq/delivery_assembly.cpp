#include "broker/rabbitmq/delivery_assembly.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "broker/rabbitmq/properties.hpp"
#include "broker/rabbitmq/reader.hpp"
#include "broker/wire_headers.hpp"
#include "core/uuid.hpp"

namespace waybill::broker::rabbitmq {
namespace {

/// RabbitMQ itself takes no larger message.
constexpr std::uint64_t largest_message = 512U << 20;
/// An announced size is only a claim: memory grows with what really comes.
constexpr std::uint64_t trusted_size = 1U << 20;

}  // namespace

bool DeliveryAssembly::begin(std::string_view arguments) {
  if (stage_ != Stage::idle) return false;
  Reader reader(arguments);
  delivery_ = {};
  reader.short_string();  // our consumer tag: there is one consumer
  delivery_.tag = reader.u64();
  delivery_.redelivered = (reader.u8() & 1) != 0;
  reader.short_string();  // exchange
  delivery_.message.topic = Topic(std::string(reader.short_string()));
  stage_ = Stage::header;
  return reader.ok();
}

bool DeliveryAssembly::add(const Frame& frame) {
  if (stage_ == Stage::header) return frame.type == AMQP_FRAME_HEADER && add_header(frame.payload);
  if (stage_ != Stage::body || frame.type != AMQP_FRAME_BODY || frame.payload.size() > body_left_) return false;
  delivery_.message.payload.append(frame.payload);
  body_left_ -= frame.payload.size();
  if (body_left_ == 0) stage_ = Stage::whole;
  return true;
}

bool DeliveryAssembly::add_header(std::string_view payload) {
  ContentHeader header;
  if (!read_header(payload, header) || header.body_size > largest_message) return false;
  delivery_.message.id = MessageId(std::string(header.message_id));
  delivery_.message.content_type = header.content_type;
  if (!read_headers(header.headers)) return false;
  body_left_ = header.body_size;
  delivery_.message.payload.reserve(static_cast<std::size_t>(std::min(body_left_, trusted_size)));
  stage_ = body_left_ == 0 ? Stage::whole : Stage::body;
  return true;
}

bool DeliveryAssembly::read_headers(std::string_view table) {
  Reader reader(table);
  TableEntry entry;
  while (read_entry(reader, entry)) {
    const bool text = entry.kind == TableEntry::Kind::text;
    const bool number = entry.kind == TableEntry::Kind::number;
    if (text && entry.name == topic_header) {
      delivery_.message.topic = Topic(std::string(entry.text));
    } else if (text && entry.name == key_header) {
      delivery_.message.key = Key(std::string(entry.text));
    } else if (number && entry.name == attempt_header) {
      delivery_.attempt = static_cast<std::uint32_t>(entry.number);
    } else if (number && entry.name == persisted_at_header) {
      delivery_.persisted_at_ms = entry.number;
    } else if (text || number) {
      delivery_.message.headers[std::string(entry.name)] =
          text ? std::string(entry.text) : std::to_string(entry.number);
    }
  }
  return reader.ok();
}

std::optional<Delivery> DeliveryAssembly::take() {
  if (stage_ != Stage::whole) return std::nullopt;
  stage_ = Stage::idle;
  if (const auto made_at = uuid7_unix_ms(delivery_.message.id.str())) delivery_.persisted_at_ms = *made_at;
  return std::move(delivery_);
}

}  // namespace waybill::broker::rabbitmq
