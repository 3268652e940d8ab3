#pragma once

/// \file
/// Reads a message out of an entry of a stream or out of a row.

#include <string>
#include <string_view>

#include "store/redis/entry_id.hpp"
#include "store/redis/reply.hpp"
#include "store/store.hpp"

namespace waybill::redis {

struct ReadMessage {
  Message message;
  std::string defect;  ///< why the message can never be published; its good parts are there all the same
  std::string reason;  ///< with a defect: `malformed` or `too_large`
};

/// Whatever a program wrote into the fields: this never fails. The names of fields begin with `prefix`; others are not
/// looked at when it is not empty. A field of another kind than text stands for its length: it was too long to be
/// carried.
ReadMessage read_message(Reply fields, std::string_view prefix, std::uint64_t max_payload);

/// An entry, or a row, that names no id has its own.
void name_entry(ReadMessage& read, EntryId entry, std::string_view salt);

/// A row as people see it; what is there of its payload comes along.
store::Troubled read_troubled(store::Ticket ticket, Reply fields, std::int64_t clock_ms, std::uint64_t max_payload);

}  // namespace waybill::redis
