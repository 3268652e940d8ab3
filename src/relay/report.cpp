#include "relay/report.hpp"

#include <nlohmann/json.hpp>

namespace waybill::relay {

std::string_view to_string(RouteFigures::State state) noexcept {
  switch (state) {
    case RouteFigures::State::flowing:
      return "flowing";
    case RouteFigures::State::idle:
      return "idle";
    case RouteFigures::State::stalled:
      return "stalled";
    case RouteFigures::State::down:
      return "down";
    case RouteFigures::State::paused:
      return "paused";
  }
  return "idle";
}

std::string report_json(const Config& config, const std::string& relay, const std::string& store, std::uint32_t lane,
                        const LaneFigures& figures, const std::vector<double>& rates) {
  nlohmann::json report{{"relay", relay},
                        {"store", store},
                        {"lane", lane},
                        {"in_flight", figures.in_flight},
                        {"unsettled", figures.unsettled},
                        {"blocked_scopes", figures.blocked_scopes},
                        {"routes", nlohmann::json::array()},
                        {"brokers", nlohmann::json::array()}};
  for (std::size_t i = 0; i < figures.routes.size(); ++i) {
    const RouteFigures& route = figures.routes[i];
    report["routes"].push_back({{"topic", config.routes[i].topic},
                                {"broker", config.routes[i].broker},
                                {"state", to_string(route.state)},
                                {"detail", route.detail},
                                {"in_flight", route.in_flight},
                                {"confirmed_total", route.totals.confirmed},
                                {"rejected_total", route.totals.rejected},
                                {"unroutable_total", route.totals.unroutable},
                                {"in_doubt_total", route.totals.in_doubt},
                                {"failed_total", route.totals.failed},
                                {"dropped_total", route.totals.dropped},
                                {"resent_total", route.totals.resent},
                                {"duplicates_possible_total", route.totals.duplicates_possible},
                                {"rate", rates[i]}});
  }
  for (std::size_t i = 0; i < figures.brokers.size(); ++i) {
    const auto& broker = figures.brokers[i];
    report["brokers"].push_back({{"name", config.brokers[i].name},
                                 {"up", broker.up},
                                 {"blocked", broker.blocked},
                                 {"endpoint", broker.endpoint},
                                 {"detail", broker.detail}});
  }
  // Broker texts are foreign bytes: what is not UTF-8 is replaced, never thrown.
  return report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace waybill::relay
