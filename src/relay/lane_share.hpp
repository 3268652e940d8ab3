#pragma once

/// \file
/// How several relays share the lanes of one store. Knows no store and no clock: each relay decides alone, once a
/// second, from the reports that all of them store. A lane's lock, not this, keeps two from working on the same one.

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "store/store.hpp"

namespace waybill::relay {

/// The other relays that have reported lately, each with the number of lanes it said it holds.
using OtherRelays = std::map<std::string, std::uint32_t>;

OtherRelays other_relays(std::span<const store::RelayReport> reports, const std::string& own_name);

/// Nobody takes more than its share, rounded up; what a relay leaves that ended is shared anew.
std::uint32_t most_lanes(std::uint32_t lanes, const OtherRelays& others);

/// Whether one of the `held` lanes should be given back: somebody has less than its share, rounded down, and we more.
bool has_one_too_many(std::uint32_t lanes, std::uint32_t held, const OtherRelays& others);

/// The report of a relay that holds no lane: it stands by, and asks for its share.
store::RelayReport standing_by_report(const std::string& relay, const std::string& store);

}  // namespace waybill::relay
