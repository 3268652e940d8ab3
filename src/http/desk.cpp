#include "http/desk.hpp"

#include <algorithm>

#include "admin/stores.hpp"

namespace waybill::http {
namespace {

/// Naming none where there are several is a wrong question; one that there is not is not found.
Error unknown_store(const std::string& name, const Error& error) {
  return name.empty() ? error : Error{ErrorCode::not_found, error.message()};
}

}  // namespace

Result<std::shared_ptr<Desk>> Desk::open(const Config& config, const std::shared_ptr<const relay::Service>& service,
                                         const std::shared_ptr<admin::OperationKeeper>& keeper,
                                         const std::shared_ptr<const SpanExport>& spans) {
  auto stores = admin::open_stores(config, "");
  if (!stores) return stores.error();
  return std::shared_ptr<Desk>(new Desk(config, service, std::move(*stores), keeper, spans));
}

Desk::Desk(const Config& config, std::shared_ptr<const relay::Service> service,
           std::vector<std::unique_ptr<store::Store>> stores, std::shared_ptr<admin::OperationKeeper> keeper,
           std::shared_ptr<const SpanExport> spans)
    : config_(config),
      service_(std::move(service)),
      spans_(std::move(spans)),
      stores_(std::move(stores)),
      keeper_(std::move(keeper)) {
  status_ = std::make_unique<Watch<admin::StatusReport>>([this] { return admin::read_status(config_, stores_); });
  failed_ = std::make_unique<Watch<std::vector<admin::FailedCount>>>([this] { return admin::count_failed(stores_); });
  syncs_ = std::make_unique<Watch<std::vector<admin::SyncFigures>>>([this] { return admin::read_syncs(config_); });
}

Result<store::Store*> Desk::store(const std::string& name) const {
  const auto chosen = admin::choose_store(config_, name);
  if (!chosen) return unknown_store(name, chosen.error());
  const auto found =
      std::ranges::find_if(stores_, [&](const auto& store) { return store->config().name == (*chosen)->name; });
  if (auto usable = admin::require_schema(**found); !usable) return usable.error();
  return found->get();
}

Result<std::vector<store::Store*>> Desk::stores(const std::string& name) const {
  std::vector<store::Store*> chosen;
  for (const auto& store : stores_) {
    if (name.empty() || store->config().name == name) chosen.push_back(store.get());
  }
  if (!chosen.empty()) return chosen;
  return unknown_store(name, admin::choose_store(config_, name).error());
}

Endpoints endpoints(const std::shared_ptr<Desk>& desk) {
  Endpoints all;
  add_health(desk, all);
  add_metrics(desk, all);
  add_figures(desk, all);
  add_routes(desk, all);
  add_messages(desk, all);
  add_causes(desk, all);
  add_tap(desk, all);
  add_inbox(desk, all);
  add_edit(desk, all);
  add_operations(desk, all);
  add_console(all);
  add_description(all);
  return all;
}

}  // namespace waybill::http
