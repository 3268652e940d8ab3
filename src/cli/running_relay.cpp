#include "cli/running_relay.hpp"

#include <future>
#include <tuple>

#include "admin/errors.hpp"
#include "admin/stores.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

void write_incident(const Journal& journal, const std::string& store, const relay::Incident& incident) {
  const auto* known = admin::known_reason(incident.reason);
  admin::Json fields{{"event", relay::to_string(incident.kind)},
                     {"code", known == nullptr ? "" : known->code},
                     {"store", store},
                     {"message_id", incident.id},
                     {"topic", incident.topic},
                     {"route", incident.route},
                     {"reason", incident.reason},
                     {"tries", incident.tries}};
  if (!incident.trace_id.empty()) fields["trace_id"] = incident.trace_id;
  journal.write(relay::level_of(incident), "store '" + store + "': " + relay::in_words(incident), fields);
}

}  // namespace

RunningRelay::RunningRelay(const Config& config, const Journal& journal)
    : config_(config),
      journal_(journal),
      log_([journal](std::string_view level, std::string_view text) { journal.write(level, text); }) {}

Result<std::unique_ptr<RunningRelay>> RunningRelay::start(const Config& config, const Journal& journal) {
  std::unique_ptr<RunningRelay> relay(new RunningRelay(config, journal));
  if (auto begun = relay->begin(); !begun) return begun.error();
  return relay;
}

Status RunningRelay::begin() {
  const auto spans = config_.traces.is_on() ? std::make_shared<http::SpanExport>(config_, log_) : nullptr;
  relay::Outlets outlets{log_, {}, [journal = journal_](const std::string& store, const relay::Incident& incident) {
                           write_incident(journal, store, incident);
                         }};
  if (spans) outlets.spans = [spans](relay::Spans::Taken taken) { spans->take(std::move(taken)); };
  auto service = relay::Service::start(config_, std::move(outlets));
  if (!service) return service.error();
  service_ = std::move(*service);
  spans_ = spans;
  if (auto kept = keep_operations(); !kept) return kept;
  return serve();
}

Status RunningRelay::keep_operations() {
  auto stores = admin::open_stores(config_, "");
  if (!stores) return stores.error();
  keeper_ = std::make_shared<admin::OperationKeeper>(config_, std::move(*stores), process_name(), log_);
  return {};
}

Status RunningRelay::serve() {
  if (!config_.http.enabled) {
    server_.reset();
    return {};
  }
  auto desk = http::Desk::open(config_, service_, keeper_, spans_);
  if (!desk) return desk.error();
  desk_ = std::move(*desk);
  const auto router = std::make_shared<const http::Router>(config_.http, http::endpoints(desk_));
  if (server_) {
    server_->replace(router);
    return {};
  }
  auto server = http::Server::start(config_.http, router, log_);
  if (!server && config_.http.chosen) return server.error();
  if (!server) {
    log_("warn",
         "nothing is served: " + server.error().message() + " (another relay? give each its `listen`, or \"off\")");
    return {};
  }
  server_ = std::move(*server);
  log_("info", std::string(config_.http.has_tls() ? "https" : "http") + "://" + config_.http.address + ":" +
                   std::to_string(server_->port()) + " answers");
  return {};
}

bool RunningRelay::must_listen_anew(const HttpConfig& next) const {
  const auto place = [](const HttpConfig& http) {
    return std::tie(http.enabled, http.address, http.port, http.cert_file, http.key_file);
  };
  return place(next) != place(config_.http);
}

Status RunningRelay::reload(const Result<Config>& next, const std::function<void()>& meanwhile) {
  Status usable = next ? next->ready_to_relay() : Status{next.error()};
  if (!usable) {
    if (desk_) desk_->set_reloaded(false);
    return usable;
  }
  const Config former = config_;
  auto stopped = std::async(std::launch::async, [this] { return service_->stop(config_.relay.stop_timeout); });
  while (stopped.wait_for(std::chrono::milliseconds{200}) != std::future_status::ready) meanwhile();
  if (!stopped.get()) log_("warn", "some answers are in doubt and will be sent again, flagged");
  if (must_listen_anew(next->http)) server_.reset();
  config_ = *next;
  auto begun = begin();
  if (begun) return {};
  // It may have begun, and found only then that it can't answer at its address.
  service_->stop(config_.relay.stop_timeout);
  config_ = former;
  server_.reset();
  if (auto again = begin(); !again) return again;
  if (desk_) desk_->set_reloaded(false);
  return begun;
}

}  // namespace waybill::cli
