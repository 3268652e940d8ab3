#include "store/redis/entry_id.hpp"

#include <charconv>

#include "core/uuid.hpp"

namespace waybill::redis {
namespace {

constexpr std::uint64_t epoch_ms = 1'577'836'800'000;  // 2020-01-01
constexpr unsigned lane_bits = 4;
constexpr unsigned seq_bits = 18;
constexpr unsigned ms_bits = 41;
constexpr std::uint64_t most_seq = std::uint64_t{1} << seq_bits;
constexpr std::uint64_t most_ms = std::uint64_t{1} << ms_bits;
constexpr std::size_t salt_at = 24;  // in the text of a UUID

std::uint64_t number(std::string_view digits, int base = 10) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  return value;
}

}  // namespace

EntryId EntryId::parse(std::string_view text) {
  const auto dash = text.find('-');
  return {number(text.substr(0, dash)), dash == std::string_view::npos ? 0 : number(text.substr(dash + 1))};
}

std::string EntryId::str() const { return std::to_string(ms) + "-" + std::to_string(seq); }

std::optional<store::Ticket> ticket_of(EntryId entry, std::uint32_t lane) {
  if (entry.ms < epoch_ms || entry.ms - epoch_ms >= most_ms || entry.seq >= most_seq) return std::nullopt;
  return store::Ticket{(entry.ms - epoch_ms) << (seq_bits + lane_bits) | entry.seq << lane_bits | lane};
}

std::optional<EntryId> entry_of(store::Ticket ticket) {
  if (ticket.value >> (ms_bits + seq_bits + lane_bits) != 0) return std::nullopt;
  return EntryId{(ticket.value >> (seq_bits + lane_bits)) + epoch_ms, (ticket.value >> lane_bits) % most_seq};
}

std::uint32_t lane_of(store::Ticket ticket) { return static_cast<std::uint32_t>(ticket.value % (1u << lane_bits)); }

std::string hex_of(store::Ticket ticket) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex(16, '0');
  for (std::size_t at = 0; at < hex.size(); ++at) hex[at] = digits[(ticket.value >> (60 - 4 * at)) & 15];
  return hex;
}

store::Ticket ticket_of_hex(std::string_view hex) { return store::Ticket{number(hex, 16)}; }

std::string uuid_of(EntryId entry, std::string_view salt) {
  const auto rand_b = (entry.seq >> 12 & 0x3fff) << 48 | number(salt, 16);
  return format_uuid7(static_cast<std::int64_t>(entry.ms), static_cast<std::uint16_t>(entry.seq & 0xfff), rand_b);
}

std::optional<EntryId> entry_of_uuid(std::string_view id, std::string_view salt) {
  const auto ms = uuid7_unix_ms(id);
  if (!ms || id.substr(salt_at) != salt) return std::nullopt;
  const auto low = number(id.substr(15, 3), 16);
  const auto high = number(id.substr(19, 4), 16) & 0x3fff;
  return EntryId{static_cast<std::uint64_t>(*ms), high << 12 | low};
}

}  // namespace waybill::redis
