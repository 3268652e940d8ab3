#include "admin/syncs.hpp"

namespace waybill::admin {

std::vector<SyncFigures> read_syncs(const Config& config) {
  std::vector<SyncFigures> all;
  for (const auto& one : config.syncs) {
    auto status = sync::Sync{config, one, [](std::string_view, std::string_view) {}}.status();
    if (status) {
      all.push_back({one.name, std::move(*status), {}});
    } else {
      all.push_back({one.name, {}, status.error().message()});
    }
  }
  return all;
}

Json sync_json(const sync::SyncStatus& status) {
  Json mismatches = Json::array();
  for (const auto& one : status.mismatches) {
    mismatches.push_back({{"command", one.command}, {"redis", one.redis}, {"sql", one.sql}});
  }
  return {{"name", status.name},
          {"waiting", status.waiting},
          {"lag_seconds", static_cast<double>(status.lag_ms) / 1000.0},
          {"applied", status.applied},
          {"parked", status.parked},
          {"mismatches", mismatches}};
}

Json sync_json(const SyncFigures& figures) {
  Json json{{"name", figures.name}};
  if (figures.status) json = sync_json(*figures.status);
  json["error"] = figures.status ? Json(nullptr) : Json(figures.error);
  return json;
}

}  // namespace waybill::admin
