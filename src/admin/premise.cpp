#include "admin/premise.hpp"

#include <optional>
#include <string_view>

#include "core/broker_kind.hpp"
#include "core/url.hpp"

namespace waybill::admin {
namespace {

std::string scheme_of(const Secret& url) {
  const auto parsed = parse_url(url.reveal());
  return parsed ? parsed->scheme : std::string{};
}

std::string store_premise(const Config& config) {
  std::string text;
  const auto add = [&text](std::string_view part) {
    if (text.find(part) == std::string::npos) text.append(text.empty() ? "" : "; ").append(part);
  };
  for (const auto& store : config.stores) {
    const auto scheme = scheme_of(store.url);
    if (scheme == "sqlite") add("SQLite synchronous=FULL");
    if (scheme == "postgresql" || scheme == "postgres") add("PostgreSQL fsync=on");
    if (scheme == "mysql" || scheme == "mariadb") add("MySQL innodb_flush_log_at_trx_commit=1");
    if (scheme == "redis" || scheme == "rediss") add("Redis appendfsync=always");
    if (scheme == "memory") add("memory store: nothing survives the process");
  }
  return text;
}

std::string broker_premise(std::optional<BrokerKind> kind) {
  if (kind == BrokerKind::memory) return "memory broker: nothing survives the process";
  if (kind == BrokerKind::kafka) {
    return "what all in-sync replicas have in memory survives the loss of a broker, a power cut of all only with "
           "flush.messages=1";
  }
  if (kind == BrokerKind::rocketmq) {
    return "what a broker confirms survives a power cut with flushDiskType=SYNC_FLUSH, the loss of its disk only with "
           "inSyncReplicas=2";
  }
  return "quorum queues survive a power cut, classic queues need not";
}

}  // namespace

std::string premise_of(const Config& config, const RouteConfig& route) {
  const auto* broker = config.broker(route.broker);
  const std::string text = broker_premise(broker == nullptr ? std::nullopt : broker_kind(broker->url));
  const auto stores = store_premise(config);
  return stores.empty() ? text : text + "; " + stores;
}

}  // namespace waybill::admin
