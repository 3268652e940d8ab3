#include "core/config/sections.hpp"
#include "core/config/url_keys.hpp"

namespace waybill::config {
namespace {

constexpr std::string_view store_schemes[] = {"sqlite",  "postgresql", "postgres", "mysql",
                                              "mariadb", "redis",      "rediss",   "memory"};

void read_redis_options(Section& section, StoreConfig& store, std::string_view scheme) {
  section.read_count("replicas", store.replicas, 0, 16);
  if (section.has("replicas") && scheme != "redis" && scheme != "rediss") {
    section.fail("replicas", "is for Redis; other stores have settings of their own for it");
  }
  if (store.lanes > 16 && (scheme == "redis" || scheme == "rediss")) {
    section.fail("lanes", "a Redis store has at most 16 lanes");
  }
  read_tls(section, store, scheme == "rediss", "rediss");
}

}  // namespace

StoreConfig read_store(const Entry& entry, Findings& findings) {
  StoreConfig store;
  store.name = entry.name;
  Section section{entry.value, entry.place, "store." + entry.name, findings};
  section.require("url", "url = \"sqlite:///path/outbox.db\" or \"postgresql://host/database\"");
  const std::string scheme = read_url(section, store.url, store_schemes);
  section.read_count("lanes", store.lanes, 1, 64);
  if (store.lanes > 1 && scheme == "sqlite") {
    section.fail("lanes", "a SQLite file has one writer at a time, so one lane; leave it out");
  }
  if (store.lanes > 1 && (scheme == "mysql" || scheme == "mariadb")) {
    section.fail("lanes", "a MySQL store has one lane; leave it out");
  }
  section.read_size("max_payload", store.max_payload, 1, std::uint64_t{512} << 20);
  read_redis_options(section, store, scheme);
  section.finish();
  return store;
}

}  // namespace waybill::config
