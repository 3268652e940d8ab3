#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "store/store.hpp"

namespace waybill::admin {

/// A report older than this is not counted as a running relay.
inline constexpr std::int64_t report_is_live_ms = 5000;

/// What relays say about one route, summed over their reports.
struct RouteFigures {
  std::string topic, broker;
  std::string state;  ///< flowing | idle | stalled | down | paused: the worst of the running relays'
  std::string detail;
  std::uint64_t in_flight = 0;
  std::uint64_t confirmed_total = 0, rejected_total = 0, unroutable_total = 0, in_doubt_total = 0, failed_total = 0,
                dropped_total = 0, resent_total = 0, duplicates_possible_total = 0;
  double rate = 0;  ///< confirms a second
};

/// One lane of one relay, as it last said.
struct RelayFigures {
  std::string relay, store;
  std::uint32_t lane = 0;
  std::int64_t age_ms = 0;
  std::uint64_t in_flight = 0, unsettled = 0;
  std::vector<RouteFigures> routes;
  bool is_live() const { return age_ms < report_is_live_ms; }
};

/// What one relay says about its broker connection.
struct BrokerFigures {
  std::string relay, broker, endpoint, detail;
  bool up = false, blocked = false;
};

/// Everything the stored reports say. A report that can't be read is left out: a relay of another version must not take
/// the status away.
struct ReadReports {
  std::vector<RelayFigures> relays;
  std::vector<BrokerFigures> brokers;
};
void read_report(const store::RelayReport& report, ReadReports& reports);

/// The route's figures over all relays: totals of every stored report, the live ones' state, rate and in flight.
/// `waiting`: something is *sending* in the stores.
RouteFigures sum_route(const RouteConfig& route, std::span<const RelayFigures> relays, bool waiting);

}  // namespace waybill::admin
