#include "store/sqlite/message_row.hpp"

#include <algorithm>
#include <chrono>

#include "core/headers_json.hpp"
#include "core/validate.hpp"

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

void read_headers(const Statement& row, MessageRow& read) {
  if (row.is_null(headers)) return;
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
  const std::int64_t ms = std::clamp<std::int64_t>(row.number(not_before_ms), 0, 9'200'000'000'000);
  read.message.not_before = std::chrono::system_clock::time_point{std::chrono::milliseconds{ms}};
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
  read.defect = "payload of " + std::to_string(bytes) + " bytes is over the limit of " + std::to_string(max_payload) +
                " (max_payload)";
}

}  // namespace

MessageRow read_message(const Statement& row, std::uint64_t max_payload) {
  MessageRow read;
  read.seq = row.number(seq);
  read.message.id = MessageId{row.text(id)};
  read.message.topic = Topic{row.text(topic)};
  if (!row.is_null(key)) read.message.key = Key{row.text(key)};
  read.message.content_type = row.text(content_type);
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
