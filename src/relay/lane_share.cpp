#include "relay/lane_share.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace waybill::relay {
namespace {

// Reports come every second; one that gives a lane back may be late by a few.
constexpr std::int64_t lately_ms = 6000;

std::uint32_t relays(const OtherRelays& others) { return static_cast<std::uint32_t>(others.size()) + 1; }

}  // namespace

OtherRelays other_relays(std::span<const store::RelayReport> reports, const std::string& own_name) {
  OtherRelays others;
  for (const auto& report : reports) {
    if (report.age_ms > lately_ms) continue;
    const auto json = nlohmann::json::parse(report.json, nullptr, false);
    const auto name = json.is_object() ? json.find("relay") : json.end();
    if (!json.is_object() || name == json.end() || !name->is_string() || *name == own_name) continue;
    others[name->get<std::string>()] += json.contains("lane") ? 1U : 0U;
  }
  return others;
}

std::uint32_t most_lanes(std::uint32_t lanes, const OtherRelays& others) {
  return (lanes + relays(others) - 1) / relays(others);
}

bool has_one_too_many(std::uint32_t lanes, std::uint32_t held, const OtherRelays& others) {
  const std::uint32_t share = lanes / relays(others);
  return held > share && std::any_of(others.begin(), others.end(), [&](const auto& it) { return it.second < share; });
}

store::RelayReport standing_by_report(const std::string& relay, const std::string& store) {
  const nlohmann::json json{{"relay", relay}, {"store", store}, {"standing_by", true}};
  return {relay + ":" + store + ":standing by", json.dump(), 0};
}

}  // namespace waybill::relay
