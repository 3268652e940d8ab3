#include "store/mysql/message_row.hpp"

#include <chrono>

#include "core/headers_json.hpp"
#include "core/validate.hpp"
#include "store/message_size.hpp"
#include "store/unix_time.hpp"

namespace waybill::mysql {
namespace {

enum Column : unsigned {
  seq,
  id,
  topic,
  key,
  headers,
  headers_size,
  content_type,
  not_before_ms,
  created_at,
  size,
  payload
};

/// A name, or what a person needs to see of one that is too long for any message.
std::string read_name(std::string_view text, const char* part, MessageRow& read) {
  constexpr std::size_t shown = 60;
  if (text.size() <= max_name_bytes) return std::string{text};
  if (read.defect.empty()) {
    read.defect = std::string{part} + " has " + std::to_string(text.size()) + " bytes; at most " +
                  std::to_string(max_name_bytes) + " are allowed";
  }
  return std::string{text.substr(0, shown)} + "...";
}

void read_headers(const Rows& rows, std::size_t row, MessageRow& read) {
  const auto bytes = static_cast<std::size_t>(rows.number(row, headers_size));
  if (bytes > store::max_headers_json) {
    read.defect = "headers: " + std::to_string(bytes) + " bytes of JSON; at most " +
                  std::to_string(store::max_headers_json) + " are allowed";
  } else if (!rows.is_null(row, headers)) {
    auto parsed = headers_from_json(rows.bytes(row, headers));
    if (parsed) {
      read.message.headers = std::move(*parsed);
    } else {
      read.defect = parsed.error().message();
    }
  }
}

void read_payload(const Rows& rows, std::size_t row, std::uint64_t max_payload, MessageRow& read) {
  const auto bytes = static_cast<std::uint64_t>(rows.number(row, size));
  if (bytes <= max_payload) {
    read.message.payload = rows.text(row, payload);
    return;
  }
  read.reason = "too_large";
  read.defect = "payload has " + std::to_string(bytes) + " bytes; at most " + std::to_string(max_payload) +
                " are allowed (max_payload)";
}

}  // namespace

MessageRow read_message(const Rows& rows, std::size_t row, std::uint64_t max_payload) {
  MessageRow read;
  read.seq = rows.number(row, seq);
  read.message.id = MessageId{read_name(rows.bytes(row, id), "id", read)};
  read.message.topic = Topic{read_name(rows.bytes(row, topic), "topic", read)};
  read.message.content_type = read_name(rows.bytes(row, content_type), "content_type", read);
  if (!rows.is_null(row, key)) {
    auto name = read_name(rows.bytes(row, key), "key", read);
    // A key over its limit is none: nothing waits for it.
    if (rows.bytes(row, key).size() <= max_name_bytes) read.message.key = Key{std::move(name)};
  }
  read.stored_at_ms = rows.number(row, created_at);
  read_headers(rows, row, read);
  if (!rows.is_null(row, not_before_ms)) {
    read.message.not_before = store::time_of_unix_ms(rows.number(row, not_before_ms));
  }
  read_payload(rows, row, max_payload, read);
  if (read.defect.empty()) {
    if (auto valid = validate(read.message); !valid) read.defect = valid.error().message();
  }
  if (!read.defect.empty() && read.reason.empty()) read.reason = "malformed";
  return read;
}

}  // namespace waybill::mysql
