#include "admin/relay_figures.hpp"

#include <algorithm>
#include <array>

#include "admin/json.hpp"

namespace waybill::admin {
namespace {

template <class T>
T member(const Json& object, const char* name, T fallback) {
  const auto found = object.find(name);
  if (found == object.end()) return fallback;
  if constexpr (std::is_same_v<T, bool>) {
    return found->is_boolean() ? found->template get<T>() : fallback;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return found->is_number() ? found->template get<T>() : fallback;
  } else {
    return found->is_string() ? found->template get<T>() : fallback;
  }
}

std::string text(const Json& object, const char* name) { return member(object, name, std::string{}); }
std::uint64_t count(const Json& object, const char* name) { return member(object, name, std::uint64_t{0}); }

RouteFigures route_of(const Json& json) {
  RouteFigures route;
  route.topic = text(json, "topic");
  route.broker = text(json, "broker");
  route.state = text(json, "state");
  route.detail = text(json, "detail");
  route.in_flight = count(json, "in_flight");
  route.confirmed_total = count(json, "confirmed_total");
  route.rejected_total = count(json, "rejected_total");
  route.unroutable_total = count(json, "unroutable_total");
  route.in_doubt_total = count(json, "in_doubt_total");
  route.failed_total = count(json, "failed_total");
  route.dropped_total = count(json, "dropped_total");
  route.resent_total = count(json, "resent_total");
  route.duplicates_possible_total = count(json, "duplicates_possible_total");
  route.rate = member(json, "rate", 0.0);
  return route;
}

void add_totals(const RouteFigures& from, RouteFigures& to) {
  to.confirmed_total += from.confirmed_total;
  to.rejected_total += from.rejected_total;
  to.unroutable_total += from.unroutable_total;
  to.in_doubt_total += from.in_doubt_total;
  to.failed_total += from.failed_total;
  to.dropped_total += from.dropped_total;
  to.resent_total += from.resent_total;
  to.duplicates_possible_total += from.duplicates_possible_total;
}

/// Higher is worse; what needs a person's eye wins over what is fine.
std::size_t severity(const std::string& state) {
  static constexpr std::array<std::string_view, 5> order{"idle", "flowing", "paused", "stalled", "down"};
  const auto* found = std::ranges::find(order, state);
  return static_cast<std::size_t>(found - order.begin());
}

/// A relay says the same of its brokers for each of its lanes.
void add_broker(const std::string& relay, const Json& json, std::vector<BrokerFigures>& brokers) {
  const auto name = text(json, "name");
  const bool is_known =
      std::ranges::any_of(brokers, [&](const auto& b) { return b.relay == relay && b.broker == name; });
  if (is_known) return;
  brokers.push_back({relay, name, text(json, "endpoint"), text(json, "detail"), member(json, "up", false),
                     member(json, "blocked", false)});
}

}  // namespace

void read_report(const store::RelayReport& report, ReadReports& reports) {
  const auto json = Json::parse(report.json, nullptr, false);
  if (!json.is_object() || member(json, "standing_by", false)) return;
  RelayFigures relay;
  relay.relay = text(json, "relay");
  relay.store = text(json, "store");
  relay.lane = member(json, "lane", std::uint32_t{0});
  relay.age_ms = report.age_ms;
  relay.in_flight = count(json, "in_flight");
  relay.unsettled = count(json, "unsettled");
  if (const auto routes = json.find("routes"); routes != json.end() && routes->is_array()) {
    for (const auto& route : *routes) relay.routes.push_back(route_of(route));
  }
  if (const auto brokers = json.find("brokers"); relay.is_live() && brokers != json.end() && brokers->is_array()) {
    for (const auto& broker : *brokers) add_broker(relay.relay, broker, reports.brokers);
  }
  reports.relays.push_back(std::move(relay));
}

RouteFigures sum_route(const RouteConfig& route, std::span<const RelayFigures> relays, bool waiting) {
  RouteFigures sum;
  sum.topic = route.topic;
  sum.broker = route.broker;
  bool anyone = false;
  for (const auto& relay : relays) {
    for (const auto& part : relay.routes) {
      if (part.topic != route.topic) continue;
      add_totals(part, sum);
      if (!relay.is_live()) continue;
      sum.in_flight += part.in_flight;
      sum.rate += part.rate;
      if (!anyone || severity(part.state) > severity(sum.state)) {
        sum.state = part.state;
        sum.detail = part.detail;
      }
      anyone = true;
    }
  }
  if (!anyone) {
    sum.state = waiting ? "down" : "idle";
    sum.detail = "no relay is running";
  }
  return sum;
}

}  // namespace waybill::admin
