#include "broker/rabbitmq/properties.hpp"

#include <amqp.h>
#include <amqp_framing.h>

namespace waybill::broker::rabbitmq {

bool read_header(std::string_view payload, ContentHeader& header) {
  Reader reader(payload);
  if (reader.u16() != AMQP_BASIC_CLASS) return false;
  reader.u16();  // weight
  header.body_size = reader.u64();
  const std::uint16_t flags = reader.u16();
  if ((flags & 1) != 0) return false;  // more flags than the class has properties
  if ((flags & AMQP_BASIC_CONTENT_TYPE_FLAG) != 0) header.content_type = reader.short_string();
  if ((flags & AMQP_BASIC_CONTENT_ENCODING_FLAG) != 0) reader.short_string();
  if ((flags & AMQP_BASIC_HEADERS_FLAG) != 0) header.headers = reader.long_string();
  if ((flags & AMQP_BASIC_DELIVERY_MODE_FLAG) != 0) reader.u8();
  if ((flags & AMQP_BASIC_PRIORITY_FLAG) != 0) reader.u8();
  for (const int flag : {AMQP_BASIC_CORRELATION_ID_FLAG, AMQP_BASIC_REPLY_TO_FLAG, AMQP_BASIC_EXPIRATION_FLAG}) {
    if ((flags & flag) != 0) reader.short_string();
  }
  if ((flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0) header.message_id = reader.short_string();
  return reader.ok();
}

bool read_entry(Reader& reader, TableEntry& entry) {
  entry = {};
  if (reader.at_end()) return false;
  entry.name = reader.short_string();
  const auto number = [&](std::int64_t value) {
    entry.kind = TableEntry::Kind::number;
    entry.number = value;
  };
  switch (const char kind = static_cast<char>(reader.u8())) {
    case 'S':
      entry.text = reader.long_string();
      entry.kind = TableEntry::Kind::text;
      break;
    case 'x':
    case 'F':
    case 'A':
      reader.long_string();  // bytes, a table, an array: each begins with its length
      break;
    case 't':
    case 'B':
      number(reader.u8());
      break;
    case 'b':
      number(static_cast<std::int8_t>(reader.u8()));
      break;
    case 's':
      number(static_cast<std::int16_t>(reader.u16()));
      break;
    case 'u':
      number(reader.u16());
      break;
    case 'I':
      number(static_cast<std::int32_t>(reader.u32()));
      break;
    case 'i':
      number(reader.u32());
      break;
    case 'l':
    case 'T':
      number(static_cast<std::int64_t>(reader.u64()));
      break;
    case 'f':
    case 'd':
    case 'D':
      reader.bytes(kind == 'f' ? 4 : kind == 'd' ? 8 : 5);
      break;
    case 'V':
      break;
    default:
      reader.bytes(static_cast<std::size_t>(-1));  // of unknown length: nothing after it can be read
  }
  return reader.ok();
}

}  // namespace waybill::broker::rabbitmq
