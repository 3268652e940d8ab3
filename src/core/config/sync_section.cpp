#include <algorithm>
#include <chrono>

#include "core/config/sections.hpp"

namespace waybill::config {
namespace {

using namespace std::chrono_literals;

const StoreConfig* find_store(const std::vector<StoreConfig>& stores, const std::string& name) {
  const auto found = std::find_if(stores.begin(), stores.end(), [&](const auto& store) { return store.name == name; });
  return found == stores.end() ? nullptr : &*found;
}

bool has_scheme(const StoreConfig& store, std::initializer_list<std::string_view> schemes) {
  const auto& url = store.url.reveal();
  return std::any_of(schemes.begin(), schemes.end(),
                     [&](auto scheme) { return url.starts_with(std::string{scheme} + ":"); });
}

bool reads_one_value(const std::string& command) {
  constexpr std::string_view readers[] = {"GET ", "HGET ", "HLEN ", "LLEN ", "SCARD ", "ZCARD ", "XLEN "};
  return std::any_of(std::begin(readers), std::end(readers), [&](auto reader) { return command.starts_with(reader); });
}

void check_stores(Section& section, const SyncConfig& sync, const std::vector<StoreConfig>& stores) {
  const auto* from = find_store(stores, sync.from);
  if (from == nullptr || !has_scheme(*from, {"redis", "rediss"})) {
    section.fail("from", "there is no [store." + sync.from + "] with a redis:// URL");
  }
  const auto* into = find_store(stores, sync.into);
  if (into == nullptr || !has_scheme(*into, {"postgresql", "postgres", "sqlite", "mysql", "mariadb"})) {
    section.fail("into", "there is no [store." + sync.into + "] with a postgresql://, mysql:// or sqlite:// URL");
  }
}

SyncConfig read_sync(const Entry& entry, const std::vector<StoreConfig>& stores, Findings& findings) {
  SyncConfig sync;
  sync.name = entry.name;
  Section section{entry.value, entry.place, "sync." + entry.name, findings};
  section.require("from", "from = \"cache\", the name of a Redis store");
  section.require("journal", "journal = \"{sale}:journal\", the key of a stream");
  section.require("into", "into = \"shop\", the name of an SQL store");
  section.read_text("from", sync.from);
  section.read_text("journal", sync.journal);
  section.read_text("into", sync.into);
  section.read_duration("interval", sync.interval, 10ms, 1h);
  section.read_count("batch", sync.batch, 1, 10'000);
  std::vector<std::pair<std::string, std::string>> applies;
  section.require("apply", "[sync." + entry.name + ".apply] with a statement for each kind of entry");
  section.read_named_texts("apply", applies);
  for (auto& [name, statement] : applies) sync.applies.push_back({name, std::move(statement)});
  std::vector<std::pair<std::string, std::string>> compares;
  section.read_named_texts("compare", compares);
  for (auto& [command, statement] : compares) {
    if (!reads_one_value(command)) {
      section.fail("compare",
                   "'" + command + "' is no command that reads one value: GET, HGET, HLEN, LLEN, SCARD, ZCARD, XLEN");
    }
    sync.compares.push_back({command, std::move(statement)});
  }
  if (section.has("from") && section.has("into")) check_stores(section, sync, stores);
  section.finish();
  return sync;
}

}  // namespace

std::vector<SyncConfig> read_syncs(const Entry& root, const std::vector<StoreConfig>& stores, Findings& findings) {
  std::vector<SyncConfig> syncs;
  if (root.value.kind != Value::Kind::table) {
    findings.add(root.place, "'sync' needs a name: write [sync.NAME]");
    return syncs;
  }
  for (const auto& entry : root.value.entries) {
    if (entry.value.kind == Value::Kind::table) {
      syncs.push_back(read_sync(entry, stores, findings));
    } else {
      findings.add(entry.place,
                   "'" + entry.name + "' stands directly in [sync], which needs a name: write [sync.NAME]");
    }
  }
  return syncs;
}

}  // namespace waybill::config
