#include "admin/status.hpp"

#include <algorithm>

#include "admin/pause.hpp"
#include "admin/phrasebook.hpp"
#include "admin/premise.hpp"
#include "admin/stores.hpp"

namespace waybill::admin {
namespace {

Status fill(store::Store& store, StoreStatus& status, ReadReports& reports) {
  if (auto usable = require_schema(store); !usable) return usable;
  auto counts = store.counts();
  if (!counts) return counts.error();
  status.counts = *counts;
  auto holders = store.holders();
  if (!holders) return holders.error();
  status.holders = std::move(*holders);
  auto pauses = store.pauses();
  if (!pauses) return pauses.error();
  status.pauses = std::move(*pauses);
  auto found = store.reports();
  if (!found) return found.error();
  for (const auto& report : *found) read_report(report, reports);
  return {};
}

Json store_json(const StoreStatus& store) {
  Json json{{"name", store.name}, {"url", store.url}};
  if (store.error) {
    json["sending"] = nullptr;
    json["failed"] = nullptr;
    json["oldest_sending_seconds"] = nullptr;
    json["error"] = {{"code", to_string(store.error->code())}, {"message", store.error->message()}};
    return json;
  }
  json["sending"] = store.counts.sending;
  json["failed"] = store.counts.failed;
  json["oldest_sending_seconds"] = store.counts.oldest_sending_seconds;
  json["sending_is_estimate"] = store.counts.sending_is_estimate;
  json["blocked_scopes"] = store.counts.blocked_scopes;
  json["lanes"] = Json::array();
  for (const auto& holder : store.holders) {
    json["lanes"].push_back(
        {{"lane", holder.lane}, {"holder", holder.holder.empty() ? Json(nullptr) : Json(holder.holder)}});
  }
  json["paused"] = pauses_json(store.pauses);
  return json;
}

/// With no relay there to say so. A running one says it itself, as soon as it has taken it in.
void show_pauses(const std::vector<StoreStatus>& stores, const std::vector<RelayFigures>& running,
                 RouteFigures& route) {
  for (const auto& store : stores) {
    const auto found = std::ranges::find(store.pauses, route.topic, &store::Pause::route);
    if (found == store.pauses.end() || std::ranges::find(running, store.name, &RelayFigures::store) != running.end()) {
      continue;
    }
    route.state = "paused";
    route.detail = found->in_words() + ", and no relay is running";
  }
}

Json route_json(const RouteStatus& route, Language language) {
  const auto& figures = route.figures;
  return {{"topic", figures.topic},
          {"broker", figures.broker},
          {"state", figures.state},
          {"detail", told_in(language, figures.detail)},
          {"in_flight", figures.in_flight},
          {"confirmed_total", figures.confirmed_total},
          {"rejected_total", figures.rejected_total},
          {"unroutable_total", figures.unroutable_total},
          {"in_doubt_total", figures.in_doubt_total},
          {"failed_total", figures.failed_total},
          {"dropped_total", figures.dropped_total},
          {"resent_total", figures.resent_total},
          {"duplicates_possible_total", figures.duplicates_possible_total},
          {"rate", figures.rate},
          {"premise", in_one_line(route.premises, language)}};
}

}  // namespace

std::optional<Error> StatusReport::first_error() const {
  for (const auto& store : stores) {
    if (store.error) return store.error;
  }
  return std::nullopt;
}

StatusReport read_status(const Config& config, std::span<const std::unique_ptr<store::Store>> stores) {
  StatusReport report;
  ReadReports reports;
  bool waiting = false;
  for (const auto& store : stores) {
    StoreStatus status;
    status.name = store->config().name;
    status.url = store->config().url.masked();
    if (auto filled = fill(*store, status, reports); !filled) status.error = filled.error();
    waiting = waiting || status.counts.sending > 0;
    report.stores.push_back(std::move(status));
  }
  std::ranges::copy_if(reports.relays, std::back_inserter(report.relays), &RelayFigures::is_live);
  for (const auto& route : config.routes) {
    report.routes.push_back({sum_route(route, reports.relays, waiting), premises_of(config, route)});
    show_pauses(report.stores, report.relays, report.routes.back().figures);
  }
  report.brokers = std::move(reports.brokers);
  return report;
}

Json status_json(const StatusReport& report, Language language) {
  Json json{
      {"stores", Json::array()}, {"routes", Json::array()}, {"relays", Json::array()}, {"brokers", Json::array()}};
  for (const auto& store : report.stores) json["stores"].push_back(store_json(store));
  for (const auto& route : report.routes) json["routes"].push_back(route_json(route, language));
  for (const auto& relay : report.relays) {
    json["relays"].push_back({{"relay", relay.relay},
                              {"store", relay.store},
                              {"lane", relay.lane},
                              {"in_flight", relay.in_flight},
                              {"unsettled", relay.unsettled}});
  }
  for (const auto& broker : report.brokers) {
    json["brokers"].push_back({{"relay", broker.relay},
                               {"broker", broker.broker},
                               {"up", broker.up},
                               {"blocked", broker.blocked},
                               {"endpoint", broker.endpoint},
                               {"detail", told_in(language, broker.detail)}});
  }
  return json;
}

}  // namespace waybill::admin
