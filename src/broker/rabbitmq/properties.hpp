#pragma once

#include <cstdint>
#include <string_view>

#include "broker/rabbitmq/reader.hpp"

namespace waybill::broker::rabbitmq {

/// A received content header; views into the frame.
struct ContentHeader {
  std::uint64_t body_size = 0;
  std::string_view content_type;
  std::string_view headers;  ///< the table's bytes
  std::string_view message_id;
};

/// False: malformed.
bool read_header(std::string_view payload, ContentHeader& header);

/// One entry of a table; values of other kinds than text and whole numbers are stepped over.
struct TableEntry {
  std::string_view name;
  enum class Kind { text, number, other } kind = Kind::other;
  std::string_view text;
  std::int64_t number = 0;
};

/// Reads the next entry; false at the end or when malformed (then `reader.ok()` is false).
bool read_entry(Reader& reader, TableEntry& entry);

}  // namespace waybill::broker::rabbitmq
