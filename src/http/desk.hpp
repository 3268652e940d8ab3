#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "admin/failed.hpp"
#include "admin/operation_keeper.hpp"
#include "admin/status.hpp"
#include "admin/syncs.hpp"
#include "core/config.hpp"
#include "http/asked_once.hpp"
#include "http/endpoint.hpp"
#include "http/span_export.hpp"
#include "http/watch.hpp"
#include "relay/service.hpp"
#include "store/store.hpp"

namespace waybill::http {

/// What the endpoints answer from: the configuration, the stores on connections of their own, and the relay in whose
/// process they run. Thread-safe.
class Desk {
 public:
  static Result<std::shared_ptr<Desk>> open(const Config& config, const std::shared_ptr<const relay::Service>& service,
                                            const std::shared_ptr<admin::OperationKeeper>& keeper,
                                            const std::shared_ptr<const SpanExport>& spans = nullptr);

  const Config& config() const { return config_; }
  const relay::Service& service() const { return *service_; }
  /// Null: traces are told nobody.
  const SpanExport* spans() const { return spans_.get(); }
  Watch<admin::StatusReport>& status() { return *status_; }
  Watch<std::vector<admin::FailedCount>>& failed() { return *failed_; }
  Watch<std::vector<admin::SyncFigures>>& syncs() { return *syncs_; }
  AskedOnce<std::vector<store::FailedGroup>>& groups() { return groups_; }
  AskedOnce<admin::Json>& inboxes() { return inboxes_; }

  /// Whether the configuration could be read when it was last asked for.
  bool reloaded() const { return reloaded_; }
  void set_reloaded(bool success) { reloaded_ = success; }

  /// There is a new operation.
  void wake_operations() { keeper_->wake(); }

  /// All of them, or the one that `name` names.
  Result<std::vector<store::Store*>> stores(const std::string& name) const;
  /// The store that `name` names, or the only one when it is empty.
  Result<store::Store*> store(const std::string& name) const;

 private:
  Desk(const Config& config, std::shared_ptr<const relay::Service> service,
       std::vector<std::unique_ptr<store::Store>> stores, std::shared_ptr<admin::OperationKeeper> keeper,
       std::shared_ptr<const SpanExport> spans);

  const Config config_;
  const std::shared_ptr<const relay::Service> service_;
  const std::shared_ptr<const SpanExport> spans_;
  std::atomic<bool> reloaded_{true};
  const std::vector<std::unique_ptr<store::Store>> stores_;
  std::unique_ptr<Watch<admin::StatusReport>> status_;
  std::unique_ptr<Watch<std::vector<admin::FailedCount>>> failed_;
  std::unique_ptr<Watch<std::vector<admin::SyncFigures>>> syncs_;
  AskedOnce<std::vector<store::FailedGroup>> groups_;
  AskedOnce<admin::Json> inboxes_;
  const std::shared_ptr<admin::OperationKeeper> keeper_;
};

/// Everything that a relay answers.
Endpoints endpoints(const std::shared_ptr<Desk>& desk);

/// Its parts.
void add_health(const std::shared_ptr<Desk>& desk, Endpoints& endpoints);
void add_metrics(const std::shared_ptr<Desk>& desk, Endpoints& endpoints);
void add_figures(const std::shared_ptr<Desk>& desk, Endpoints& endpoints);
void add_routes(const std::shared_ptr<Desk>& desk, Endpoints& endpoints);
void add_messages(const std::shared_ptr<Desk>& desk, Endpoints& endpoints);
void add_causes(const std::shared_ptr<Desk>& desk, Endpoints& endpoints);
void add_tap(const std::shared_ptr<Desk>& desk, Endpoints& endpoints);
void add_inbox(const std::shared_ptr<Desk>& desk, Endpoints& endpoints);
void add_edit(const std::shared_ptr<Desk>& desk, Endpoints& endpoints);
void add_operations(const std::shared_ptr<Desk>& desk, Endpoints& endpoints);
/// Nothing, in a program that was built without.
void add_console(Endpoints& endpoints);
void add_description(Endpoints& endpoints);

}  // namespace waybill::http
