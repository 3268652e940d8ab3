#include "store/redis/message_fields.hpp"

#include <algorithm>
#include <chrono>

#include "core/headers_json.hpp"
#include "core/validate.hpp"
#include "store/message_size.hpp"
#include "store/unix_time.hpp"

namespace waybill::redis {
namespace {

void found_defect(ReadMessage& read, std::string defect, std::string reason = "malformed") {
  if (!read.defect.empty()) return;
  read.defect = std::move(defect);
  read.reason = std::move(reason);
}

/// A name, or what a person needs to see of one that is too long for any message.
std::string read_name(std::string_view text, std::string_view part, ReadMessage& read) {
  constexpr std::size_t shown = 60;
  if (text.size() <= max_name_bytes) return std::string{text};
  found_defect(read, std::string{part} + " has " + std::to_string(text.size()) + " bytes; at most " +
                         std::to_string(max_name_bytes) + " are allowed");
  return std::string{text.substr(0, shown)} + "...";
}

void read_key(std::string_view text, ReadMessage& read) {
  auto name = read_name(text, "key", read);
  // A key over its limit is none, nor is an empty one: nothing waits for it.
  if (!text.empty() && text.size() <= max_name_bytes) read.message.key = Key{std::move(name)};
}

void read_headers(Reply value, ReadMessage& read) {
  if (value.is_integer()) {
    return found_defect(read, "headers: " + std::to_string(value.number()) + " bytes of JSON; at most " +
                                  std::to_string(store::max_headers_json) + " are allowed");
  }
  auto parsed = headers_from_json(value.bytes());
  if (!parsed) return found_defect(read, parsed.error().message());
  read.message.headers = std::move(*parsed);
}

void read_payload(Reply value, std::uint64_t max_payload, ReadMessage& read) {
  const auto bytes = value.is_integer() ? static_cast<std::uint64_t>(value.number()) : value.bytes().size();
  if (bytes <= max_payload) {
    read.message.payload = value.text();
    return;
  }
  read.defect.clear();
  found_defect(read,
               "payload has " + std::to_string(bytes) + " bytes; at most " + std::to_string(max_payload) +
                   " are allowed (max_payload)",
               "too_large");
}

void read_not_before(Reply value, ReadMessage& read) {
  const auto digits = value.bytes();
  if (digits.empty() || digits.size() > 15 || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return found_defect(read,
                        "not_before: '" + std::string{digits.substr(0, 40)} + "' is no time in Unix milliseconds");
  }
  read.message.not_before = store::time_of_unix_ms(value.number());
}

void read_field(std::string_view name, Reply value, std::uint64_t max_payload, ReadMessage& read) {
  if (name == "topic") {
    read.message.topic = Topic{read_name(value.bytes(), name, read)};
  } else if (name == "key") {
    read_key(value.bytes(), read);
  } else if (name == "payload") {
    read_payload(value, max_payload, read);
  } else if (name == "headers") {
    read_headers(value, read);
  } else if (name == "content_type") {
    read.message.content_type = read_name(value.bytes(), name, read);
  } else if (name == "not_before") {
    read_not_before(value, read);
  } else if (name == "id") {
    read.message.id = MessageId{read_name(value.bytes(), name, read)};
  } else {
    found_defect(read, "unknown field '" + std::string{name.substr(0, 60)} +
                           "'; there are topic, key, payload, headers, content_type, not_before, id");
  }
}

}  // namespace

ReadMessage read_message(Reply fields, std::string_view prefix, std::uint64_t max_payload) {
  ReadMessage read;
  for (std::size_t at = 0; at + 1 < fields.size(); at += 2) {
    auto name = fields[at].bytes();
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    read_field(name, fields[at + 1], max_payload, read);
  }
  return read;
}

void name_entry(ReadMessage& read, EntryId entry, std::string_view salt) {
  if (read.message.id.empty()) read.message.id = MessageId{uuid_of(entry, salt)};
  if (!read.defect.empty()) return;
  if (auto valid = validate(read.message); !valid) found_defect(read, valid.error().message());
}

store::Troubled read_troubled(store::Ticket ticket, Reply fields, std::int64_t clock_ms, std::uint64_t max_payload) {
  store::Troubled troubled;
  troubled.ticket = ticket;
  troubled.lane = lane_of(ticket);
  troubled.message = read_message(fields, "m.", max_payload).message;
  if (troubled.message.id.empty()) troubled.message.id = MessageId{fields.field("id").text()};
  troubled.state = fields.field("state").text();
  troubled.route = fields.field("route").text();
  troubled.attempts = static_cast<std::uint32_t>(fields.field("attempts").number());
  troubled.tries = static_cast<std::uint32_t>(fields.field("tries").number());
  troubled.reason = fields.field("reason").text();
  troubled.answer = fields.field("answer").text();
  troubled.stored_at_ms = fields.field("stored").number();
  troubled.changed_at_ms = fields.field("changed").number();
  if (troubled.state == "sending") {
    troubled.due_in_ms = std::max<std::int64_t>(0, fields.field("due").number() - clock_ms);
  }
  return troubled;
}

}  // namespace waybill::redis
