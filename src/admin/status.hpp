#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admin/json.hpp"
#include "admin/language.hpp"
#include "admin/relay_figures.hpp"
#include "store/store.hpp"

namespace waybill::admin {

struct StoreStatus {
  std::string name, url;  ///< password masked
  store::Counts counts;
  std::vector<store::LaneHolder> holders;
  std::vector<store::Pause> pauses;
  std::optional<Error> error;  ///< why the figures are missing
};

struct RouteStatus {
  RouteFigures figures;
  std::vector<std::string> premises;  ///< what a power cut could take from this route, as far as it is known
};

struct StatusReport {
  std::vector<StoreStatus> stores;
  std::vector<RouteStatus> routes;
  std::vector<RelayFigures> relays;  ///< the running ones
  std::vector<BrokerFigures> brokers;

  /// The first store that could not be read.
  std::optional<Error> first_error() const;
};

/// Reads every store once. A store that can't be read is shown with its error; the others are shown all the same.
StatusReport read_status(const Config& config, std::span<const std::unique_ptr<store::Store>> stores);

/// The stable document of `waybill status --json`.
Json status_json(const StatusReport& report, Language language = Language::english);

}  // namespace waybill::admin
