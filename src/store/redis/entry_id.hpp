#pragma once

/// \file
/// The names of one message: its entry's id in the stream, its ticket in the store, its message id. The library's Lua
/// knows the same rules.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/redis/placing.hpp"
#include "store/store.hpp"

namespace waybill::redis {

/// `1795606544938-0`
struct EntryId {
  std::uint64_t ms = 0;
  std::uint64_t seq = 0;
  friend auto operator<=>(const EntryId&, const EntryId&) = default;

  static EntryId parse(std::string_view text);
  std::string str() const;
};

/// From the highest bit: 0, 41 bits of milliseconds since 2020, 18 of the number within one, 4 of the lane. Nullopt:
/// the id does not fit (it was chosen by a program, or the clock stood still for a quarter of a million messages).
std::optional<store::Ticket> ticket_of(EntryId entry, std::uint32_t lane);
/// Nullopt for a ticket that stands for no entry.
std::optional<EntryId> entry_of(store::Ticket ticket);
std::uint32_t lane_of(store::Ticket ticket);

/// 16 hexadecimal digits.
std::string hex_of(store::Ticket ticket);
store::Ticket ticket_of_hex(std::string_view hex);

/// The UUIDv7 of an entry that names no id; `salt` is the lane's own 12 hexadecimal digits.
std::string uuid_of(EntryId entry, std::string_view salt);
/// The entry that has this id, if uuid_of() gave it for this lane.
std::optional<EntryId> entry_of_uuid(std::string_view id, std::string_view salt);

}  // namespace waybill::redis
