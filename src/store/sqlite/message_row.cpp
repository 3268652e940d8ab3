#include "store/sqlite/message_row.hpp"

#include <chrono>

#include "core/headers_json.hpp"
#include "core/validate.hpp"
#include "store/message_size.hpp"
#include "store/unix_time.hpp"

namespace waybill::sqlite {
namespace {

enum Column {
  seq,
  id,
  topic,
  key,
  headers,
  content_type,
  not_before_ms,
  not_before_is_text,
  created_at,
  size,
  payload
};

/// A name, or what a person needs to see of one that is too long for any message.
std::string read_name(const Statement& row, Column column, const char* part, MessageRow& read) {
  constexpr std::size_t shown = 60;
  const auto bytes = row.size(column);
  if (bytes <= max_name_bytes) return row.text(column);
  if (read.defect.empty()) {
    read.defect = std::string{part} + " has " + std::to_string(bytes) + " bytes; at most " +
                  std::to_string(max_name_bytes) + " are allowed";
  }
  return row.beginning(column, shown) + "...";
}

void read_names(const Statement& row, MessageRow& read) {
  read.message.id = MessageId{read_name(row, id, "id", read)};
  read.message.topic = Topic{read_name(row, topic, "topic", read)};
  read.message.content_type = read_name(row, content_type, "content_type", read);
  if (row.is_null(key)) return;
  auto name = read_name(row, key, "key", read);
  // A key over its limit is none: nothing waits for it.
  if (row.size(key) <= max_name_bytes) read.message.key = Key{std::move(name)};
}

void read_headers(const Statement& row, MessageRow& read) {
  if (row.is_null(headers)) return;
  if (row.size(headers) > store::max_headers_json) {
    read.defect = "headers: " + std::to_string(row.size(headers)) + " bytes of JSON; at most " +
                  std::to_string(store::max_headers_json) + " are allowed";
    return;
  }
  auto parsed = headers_from_json(row.text(headers));
  if (parsed) {
    read.message.headers = std::move(*parsed);
  } else {
    read.defect = parsed.error().message();
  }
}

void read_not_before(const Statement& row, MessageRow& read) {
  if (row.is_null(not_before_ms)) {
    if (row.number(not_before_is_text) != 0) read.defect = "not_before is no time that SQLite's julianday() can read";
    return;
  }
  // Within what a time_point can hold: up to the year 2262.
  read.message.not_before = store::time_of_unix_ms(row.number(not_before_ms));
}

void read_payload(const Statement& row, std::uint64_t max_payload, MessageRow& read) {
  auto bytes = static_cast<std::uint64_t>(row.number(size));
  if (!row.is_null(payload)) {
    read.message.payload = row.text(payload);
    // The size of a text was counted in characters.
    bytes = read.message.payload.size();
  }
  if (bytes <= max_payload) return;
  read.message.payload.clear();
  read.reason = "too_large";
  read.defect = "payload has " + std::to_string(bytes) + " bytes; at most " + std::to_string(max_payload) +
                " are allowed (max_payload)";
}

}  // namespace

MessageRow read_message(const Statement& row, std::uint64_t max_payload) {
  MessageRow read;
  read.seq = row.number(seq);
  read_names(row, read);
  read.stored_at_ms = row.number(created_at);
  read_headers(row, read);
  read_not_before(row, read);
  read_payload(row, max_payload, read);
  if (read.defect.empty()) {
    if (auto valid = validate(read.message); !valid) read.defect = valid.error().message();
  }
  if (!read.defect.empty() && read.reason.empty()) read.reason = "malformed";
  return read;
}

}  // namespace waybill::sqlite
