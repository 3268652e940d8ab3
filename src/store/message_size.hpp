#pragma once

/// \file
/// How much a message takes: what a store counts against the limits of a fetch, and what it does not load at all.

#include <cstddef>

#include "waybill/message.h"

namespace waybill::store {

/// The longest `headers` column that is loaded: headers_from_json() refuses longer ones, and no broker takes them.
inline constexpr std::size_t max_headers_json = 1u << 20;

/// The bytes of all that a message carries, not only of its payload: a thousand messages with long headers are no less
/// of a burden than a thousand with long payloads.
inline std::size_t size_of(const Message& message) {
  std::size_t bytes = message.payload.size() + message.id.str().size() + message.topic.str().size();
  bytes += message.content_type.size() + (message.key ? message.key->str().size() : 0);
  for (const auto& [name, value] : message.headers) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace waybill::store
