#include <algorithm>
#include <iterator>

#include "core/config/sections.hpp"

namespace waybill::config {
namespace {

constexpr std::string_view section_names[] = {"store", "broker", "route", "relay",  "inbox",
                                              "sync",  "http",   "log",   "traces", "decoder"};

const Entry* find(const Value& root, std::string_view name) {
  const auto found =
      std::find_if(root.entries.begin(), root.entries.end(), [&](const auto& entry) { return entry.name == name; });
  return found == root.entries.end() ? nullptr : &*found;
}

}  // namespace

Config read_sections(const Value& root, Findings& findings) {
  Config read;
  const auto* store = find(root, "store");
  if (store != nullptr) read.stores = read_stores(*store, findings);
  if (const auto* broker = find(root, "broker")) read.brokers = read_brokers(*broker, findings);
  if (const auto* route = find(root, "route")) read.routes = read_routes(*route, read.brokers, findings);
  if (const auto* relay = find(root, "relay")) read.relay = read_relay(*relay, findings);
  if (const auto* inbox = find(root, "inbox")) read.inbox = read_inbox(*inbox, read.stores, findings);
  if (const auto* sync = find(root, "sync")) read.syncs = read_syncs(*sync, read.stores, findings);
  if (const auto* http = find(root, "http")) read.http = read_http(*http, findings);
  if (const auto* log = find(root, "log")) read.log = read_log(*log, findings);
  if (const auto* traces = find(root, "traces")) read.traces = read_traces(*traces, findings);
  if (const auto* decoder = find(root, "decoder")) read.decoders = read_decoders(*decoder, findings);
  for (const auto& entry : root.entries) {
    if (std::find(std::begin(section_names), std::end(section_names), entry.name) != std::end(section_names)) continue;
    findings.add(entry.place, "unknown section or key '" + entry.name + "'" + did_you_mean(entry.name, section_names));
  }
  if (store == nullptr || (read.stores.empty() && findings.empty())) {
    findings.add({}, "there is no [store.NAME]: add one with its url, or write a new file with `waybill init`");
  }
  return read;
}

}  // namespace waybill::config
