#include "store/postgresql/snapshot.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace waybill::postgresql {
namespace {

constexpr Xid first_normal = 3;

/// Reads a number at the front of `text` and drops it together with one separator.
bool take_number(std::string_view& text, Xid& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return true;
}

Error malformed(std::string_view snapshot) {
  return {ErrorCode::corrupt, "the store sent a snapshot that makes no sense: '" + std::string{snapshot} + "'"};
}

/// The smallest 64-bit number from `xmax` on whose low half is the server's next 32-bit transaction number.
Xid widen_next(Xid xmax, std::int64_t age) {
  const auto next32 = static_cast<std::uint32_t>(static_cast<std::uint64_t>(age) + first_normal);
  return xmax + static_cast<std::uint32_t>(next32 - static_cast<std::uint32_t>(xmax));
}

}  // namespace

bool Snapshot::finished(Xid xid) const {
  return xid < xmax && !std::binary_search(running.begin(), running.end(), xid);
}

std::vector<XidRange> Snapshot::unfinished() const {
  std::vector<XidRange> ranges;
  const auto append = [&](Xid first, Xid last) {
    if (!ranges.empty() && ranges.back().last + 1 == first) {
      ranges.back().last = last;
    } else {
      ranges.push_back({first, last});
    }
  };
  for (const Xid xid : running) append(xid, xid);
  if (next > xmax) append(xmax, next - 1);
  return ranges;
}

Result<Snapshot> parse_snapshot(std::string_view snapshot, std::string_view age_of_3) {
  Snapshot parsed;
  Xid xmin = 0;
  auto rest = snapshot;
  if (!take_number(rest, xmin) || !take_number(rest, parsed.xmax)) return malformed(snapshot);
  while (!rest.empty()) {
    Xid xid = 0;
    if (!take_number(rest, xid)) return malformed(snapshot);
    parsed.running.push_back(xid);
  }
  std::sort(parsed.running.begin(), parsed.running.end());
  std::int64_t age = 0;
  if (std::from_chars(age_of_3.data(), age_of_3.data() + age_of_3.size(), age).ec != std::errc{}) {
    return malformed(age_of_3);
  }
  parsed.next = widen_next(parsed.xmax, age);
  return parsed;
}

}  // namespace waybill::postgresql
