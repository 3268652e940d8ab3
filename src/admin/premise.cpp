#include "admin/premise.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "admin/phrasebook.hpp"
#include "core/broker_kind.hpp"
#include "core/url.hpp"

namespace waybill::admin {
namespace {

std::string scheme_of(const Secret& url) {
  const auto parsed = parse_url(url.reveal());
  return parsed ? parsed->scheme : std::string{};
}

std::string_view store_premise(std::string_view scheme) {
  if (scheme == "sqlite") return "SQLite synchronous=FULL";
  if (scheme == "postgresql" || scheme == "postgres") return "PostgreSQL fsync=on";
  if (scheme == "mysql" || scheme == "mariadb") return "MySQL innodb_flush_log_at_trx_commit=1";
  if (scheme == "redis" || scheme == "rediss") return "Redis appendfsync=always";
  if (scheme == "memory") return "memory store: nothing survives the process";
  return "";
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

std::vector<std::string> premises_of(const Config& config, const RouteConfig& route) {
  const auto* broker = config.broker(route.broker);
  std::vector<std::string> premises{broker_premise(broker == nullptr ? std::nullopt : broker_kind(broker->url))};
  for (const auto& store : config.stores) {
    std::string premise(store_premise(scheme_of(store.url)));
    if (!premise.empty() && std::ranges::find(premises, premise) == premises.end()) {
      premises.push_back(std::move(premise));
    }
  }
  return premises;
}

std::string in_one_line(const std::vector<std::string>& premises, Language language) {
  std::string line;
  for (const auto& premise : premises) {
    if (!line.empty()) line += language == Language::chinese ? "；" : "; ";
    line += told_in(language, premise);
  }
  return line;
}

}  // namespace waybill::admin
