#pragma once

/// \file
/// One function for each kind of section, and one for all of them. Each reads all it can and reports every error.

#include "core/config.hpp"
#include "core/config/section.hpp"

namespace waybill::config {

/// The whole file: `root` is its root table.
Config read_sections(const Value& root, Findings& findings);

/// `[store.NAME]` and `[broker.NAME]`: `root` is the table `store` or `broker`.
std::vector<StoreConfig> read_stores(const Entry& root, Findings& findings);
std::vector<BrokerConfig> read_brokers(const Entry& root, Findings& findings);
/// One of them.
StoreConfig read_store(const Entry& entry, Findings& findings);
BrokerConfig read_broker(const Entry& entry, Findings& findings);
/// `[[route]]`. A route's broker must be among `brokers`.
std::vector<RouteConfig> read_routes(const Entry& root, const std::vector<BrokerConfig>& brokers, Findings& findings);
/// `[relay]`
RelayConfig read_relay(const Entry& root, Findings& findings);
/// `[inbox]`. Its shards must be among `stores`.
InboxConfig read_inbox(const Entry& root, const std::vector<StoreConfig>& stores, Findings& findings);

/// `[log]`
LogConfig read_log(const Entry& root, Findings& findings);

/// `[http]`
HttpConfig read_http(const Entry& root, Findings& findings);

/// Its `token`, `proxy`, `user` and `group`.
void read_access(Section& section, HttpConfig& http, Findings& findings);

/// `[traces]`
TracesConfig read_traces(const Entry& root, Findings& findings);

/// `[decoder.NAME]`
std::vector<DecoderConfig> read_decoders(const Entry& root, Findings& findings);

/// `[sync.NAME]`. Its stores must be among `stores`.
std::vector<SyncConfig> read_syncs(const Entry& root, const std::vector<StoreConfig>& stores, Findings& findings);

}  // namespace waybill::config
