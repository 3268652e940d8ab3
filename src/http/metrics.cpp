#include "http/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <fstream>

#include "http/desk.hpp"

namespace waybill::http {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using relay::RouteFigures;
using Labels = std::vector<ClientMetric::Label>;

constexpr Duration patience = std::chrono::seconds{2};
/// What a store said longer ago is not shown as how it is.
constexpr double outdated_seconds = 90;

/// One name with its samples.
class Family {
 public:
  Family(std::string name, std::string help, MetricType type) {
    family_.name = std::move(name);
    family_.help = std::move(help);
    family_.type = type;
  }

  Family& add(Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    metric.counter.value = value;
    family_.metric.push_back(std::move(metric));
    return *this;
  }

  Family& add(Labels labels, const Histogram& histogram) {
    ClientMetric metric;
    metric.label = std::move(labels);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
      sum += histogram.counts()[i];
      const double bound =
          i < Histogram::bounds.size() ? Histogram::bounds[i] : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({sum, bound});
    }
    metric.histogram.sample_count = sum;
    metric.histogram.sample_sum = histogram.sum_seconds();
    family_.metric.push_back(std::move(metric));
    return *this;
  }

  const MetricFamily& family() const { return family_; }

 private:
  MetricFamily family_;
};

Family counter(const char* name, const char* help) { return {name, help, MetricType::Counter}; }
Family gauge(const char* name, const char* help) { return {name, help, MetricType::Gauge}; }
Family histogram(const char* name, const char* help) { return {name, help, MetricType::Histogram}; }

/// All families, in the order in which they are shown.
class Page {
 public:
  void add(const Family& family) { families_.push_back(family.family()); }
  std::string text() const { return prometheus::TextSerializer{}.Serialize(families_); }

 private:
  std::vector<MetricFamily> families_;
};

Labels of_route(const relay::SiteFigures& site, const RouteConfig& route) {
  return {{"store", site.store}, {"route", route.topic}};
}

Labels with(Labels labels, std::string name, std::string value) {
  labels.push_back({std::move(name), std::move(value)});
  return labels;
}

/// Calls `use` with each store's figures of each route.
template <class Use>
void for_each_route(const Config& config, const std::vector<relay::SiteFigures>& sites, Use use) {
  for (const auto& site : sites) {
    for (std::size_t i = 0; i < config.routes.size(); ++i) use(of_route(site, config.routes[i]), site.routes[i]);
  }
}

void add_messages(const Config& config, const std::vector<relay::SiteFigures>& sites, Page& page) {
  auto messages = counter("waybill_messages_total", "What brokers said of messages, and what became of them");
  auto resent = counter("waybill_resent_total", "Publications with a waybill-attempt above 1");
  auto twice = counter("waybill_duplicates_possible_total", "Publications of what the broker may have taken before");
  auto in_flight = gauge("waybill_in_flight", "Messages that were published and have no answer yet");
  auto stalled = gauge("waybill_route_stalled", "1: connected, and the broker confirms nothing");
  auto down = gauge("waybill_route_down", "1: no connection, or the exchange or topic refuses");
  auto paused = gauge("waybill_route_paused", "1: held back by a person, or stopped behind a failed message");
  for_each_route(config, sites, [&](const Labels& labels, const RouteFigures& route) {
    const auto& totals = route.totals;
    messages.add(with(labels, "outcome", "confirmed"), static_cast<double>(totals.confirmed))
        .add(with(labels, "outcome", "rejected"), static_cast<double>(totals.rejected))
        .add(with(labels, "outcome", "unroutable"), static_cast<double>(totals.unroutable))
        .add(with(labels, "outcome", "in_doubt"), static_cast<double>(totals.in_doubt))
        .add(with(labels, "outcome", "failed"), static_cast<double>(totals.failed))
        .add(with(labels, "outcome", "dropped"), static_cast<double>(totals.dropped));
    resent.add(labels, static_cast<double>(totals.resent));
    twice.add(labels, static_cast<double>(totals.duplicates_possible));
    in_flight.add(labels, static_cast<double>(route.in_flight));
    stalled.add(labels, route.state == RouteFigures::State::stalled ? 1 : 0);
    down.add(labels, route.state == RouteFigures::State::down ? 1 : 0);
    paused.add(labels, route.state == RouteFigures::State::paused ? 1 : 0);
  });
  for (const auto& family : {messages, resent, twice, in_flight, stalled, down, paused}) page.add(family);
}

void add_times(const Config& config, const std::vector<relay::SiteFigures>& sites, Page& page) {
  auto whole = histogram("waybill_commit_to_confirm_seconds", "From when a message was persisted to its confirm");
  auto broker = histogram("waybill_confirm_seconds", "From a publication to its confirm");
  for_each_route(config, sites, [&](const Labels& labels, const RouteFigures& route) {
    whole.add(labels, route.totals.commit_to_confirm);
    broker.add(labels, route.totals.confirm);
  });
  page.add(whole);
  page.add(broker);
}

void add_lanes(const Config& config, const std::vector<relay::SiteFigures>& sites, Page& page) {
  auto held = gauge("waybill_lane_held", "1: this relay holds the lane");
  auto unsettled = gauge("waybill_unsettled", "Handed out by the store and not yet durably settled there");
  auto up = gauge("waybill_broker_up", "1: every lane of this relay has a connection to the broker");
  auto blocked = gauge("waybill_broker_blocked", "1: the broker takes nothing just now");
  for (const auto& site : sites) {
    bool any = false;
    for (const auto& lane : site.lanes) {
      held.add({{"store", site.store}, {"lane", std::to_string(lane.number)}}, lane.held ? 1 : 0);
      any = any || lane.held;
    }
    unsettled.add({{"store", site.store}}, static_cast<double>(site.unsettled));
    if (!any) continue;  // who holds no lane has no connection, and needs none
    for (std::size_t i = 0; i < site.brokers.size(); ++i) {
      const Labels labels{{"store", site.store}, {"broker", config.brokers[i].name}};
      up.add(labels, site.brokers[i].up ? 1 : 0);
      blocked.add(labels, site.brokers[i].blocked ? 1 : 0);
    }
  }
  for (const auto& family : {held, unsettled, up, blocked}) page.add(family);
}

void add_stores(const Config& config, const StoreFigures& stores, Page& page) {
  auto up = gauge("waybill_store_up", "1: the store answers");
  auto sending = gauge("waybill_outbox_sending", "Messages that wait for their confirm");
  auto oldest = gauge("waybill_outbox_oldest_seconds", "How long the oldest of them has waited");
  auto parked =
      gauge("waybill_parked_keys", "Keys and routes whose messages wait behind one that failed or is retried");
  auto failed = gauge("waybill_outbox_failed", "Messages that wait for a person");
  auto transaction =
      gauge("waybill_oldest_transaction_seconds", "How long the oldest transaction of the database has been open");
  const bool known = stores.status != nullptr && stores.age_seconds < outdated_seconds;
  if (!known) {
    for (const auto& store : config.stores) up.add({{"store", store.name}}, 0);
  }
  for (std::size_t i = 0; known && i < stores.status->stores.size(); ++i) {
    const auto& store = stores.status->stores[i];
    up.add({{"store", store.name}}, store.error ? 0 : 1);
    if (store.error) continue;
    sending.add({{"store", store.name}}, static_cast<double>(store.counts.sending));
    oldest.add({{"store", store.name}}, store.counts.oldest_sending_seconds);
    parked.add({{"store", store.name}}, static_cast<double>(store.counts.blocked_scopes));
    if (store.counts.oldest_transaction_seconds) {
      transaction.add({{"store", store.name}}, *store.counts.oldest_transaction_seconds);
    }
  }
  if (stores.failed != nullptr) {
    for (const auto& one : *stores.failed) {
      failed.add({{"store", one.store}, {"route", one.route}, {"reason", one.reason}}, static_cast<double>(one.count));
    }
  }
  for (const auto& family : {up, sending, oldest, parked, failed, transaction}) page.add(family);
}

void add_syncs(const std::vector<admin::SyncFigures>& syncs, Page& page) {
  auto up = gauge("waybill_sync_up", "1: the sync's Redis and database answer");
  auto lag = gauge("waybill_sync_lag_seconds", "How long the oldest entry that is not applied has waited");
  auto parked = gauge("waybill_sync_parked", "Entries that the database refused, for a person");
  for (const auto& one : syncs) {
    up.add({{"sync", one.name}}, one.status ? 1 : 0);
    if (!one.status) continue;
    lag.add({{"sync", one.name}}, static_cast<double>(one.status->lag_ms) / 1000);
    parked.add({{"sync", one.name}}, static_cast<double>(one.status->parked));
  }
  for (const auto& family : {up, lag, parked}) page.add(family);
}

/// Resident memory in bytes, or 0 where /proc does not tell.
double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double whole = 0, resident = 0;
  file >> whole >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

void add_spans(const SpanExport::Totals& totals, Page& page) {
  page.add(counter("waybill_spans_total", "Spans of traced messages, sent to the collector or dropped")
               .add(with({}, "result", "sent"), static_cast<double>(totals.sent))
               .add(with({}, "result", "dropped"), static_cast<double>(totals.dropped)));
}

void add_process(const ProcessFigures& process, Page& page) {
  if (process.spans) add_spans(*process.spans, page);
  page.add(gauge("waybill_config_last_reload_success", "1: the configuration in the file is the one in use")
               .add({}, process.reloaded ? 1 : 0));
  page.add(gauge("waybill_build_info", "1, with the version").add({{"version", WAYBILL_VERSION}}, 1));
  page.add(gauge("process_resident_memory_bytes", "Resident memory").add({}, resident_bytes()));
  page.add(counter("process_cpu_seconds_total", "User and system CPU time").add({}, cpu_seconds()));
}

Result<Response> scrape(Desk& desk) {
  const auto status = desk.status().look(patience);
  const auto failed = desk.failed().look(patience);
  const auto syncs = desk.config().syncs.empty() ? nullptr : desk.syncs().look(patience);
  StoreFigures stores;
  if (status) {
    stores.status = &status->figures;
    stores.age_seconds = status->age_seconds();
  }
  if (failed && failed->age_seconds() < outdated_seconds) stores.failed = &failed->figures;
  if (syncs && syncs->age_seconds() < outdated_seconds) stores.syncs = &syncs->figures;
  ProcessFigures process{desk.reloaded(), {}};
  if (desk.spans() != nullptr) process.spans = desk.spans()->totals();
  return Response{200,
                  "text/plain; version=0.0.4; charset=utf-8",
                  metrics_text(desk.config(), desk.service().figures(), stores, process),
                  {}};
}

}  // namespace

std::string metrics_text(const Config& config, const std::vector<relay::SiteFigures>& sites, const StoreFigures& stores,
                         const ProcessFigures& process) {
  Page page;
  add_messages(config, sites, page);
  add_times(config, sites, page);
  add_lanes(config, sites, page);
  add_stores(config, stores, page);
  if (stores.syncs != nullptr) add_syncs(*stores.syncs, page);
  add_process(process, page);
  return page.text();
}

void add_metrics(const std::shared_ptr<Desk>& desk, Endpoints& endpoints) {
  endpoints.push_back({"GET", "/metrics", Role::stats, true, {}, [desk](const Call&) { return scrape(*desk); }});
}

}  // namespace waybill::http
