#include <algorithm>
#include <array>

#include "core/config/sections.hpp"
#include "core/url.hpp"

namespace waybill::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view store_schemes[] = {"sqlite",  "postgresql", "postgres", "mysql",
                                              "mariadb", "redis",      "rediss",   "memory"};
constexpr std::string_view broker_schemes[] = {"amqp", "amqps", "memory"};
constexpr std::string_view later_brokers[] = {"kafka", "rocketmq"};

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_name(std::string_view name) noexcept {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

std::string list(std::span<const std::string_view> words) {
  std::string text;
  for (const auto word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

// The scheme, or nothing after a finding.
std::string check_url(Section& section, const std::string& text, std::span<const std::string_view> schemes,
                      std::span<const std::string_view> later) {
  const auto url = parse_url(text);
  if (!url) {
    section.fail("url", url.error().message());
    return {};
  }
  if (contains(schemes, url->scheme)) {
    if (url->scheme == "sqlite" && url->host.empty() && url->path.size() < 2) {
      section.fail("url", "names no file; write sqlite:///path/outbox.db");
    }
    return url->scheme;
  }
  const bool planned = contains(later, url->scheme);
  section.fail("url", "'" + url->scheme +
                          (planned ? "' is not in this version; it has " : "' is no known scheme; known are ") +
                          list(schemes) + (planned ? std::string{} : did_you_mean(url->scheme, schemes)));
  return {};
}

/// The PEM files of a TLS connection; `secure` is the scheme that means one.
template <class Config>
void read_tls(Section& section, Config& config, bool has_tls, std::string_view secure) {
  section.read_text("ca_file", config.ca_file);
  section.read_text("cert_file", config.cert_file);
  section.read_text("key_file", config.key_file);
  section.read_flag("insecure", config.insecure);
  for (const auto key : {"ca_file", "cert_file", "key_file", "insecure"}) {
    if (section.has(key) && !has_tls) {
      section.fail(key, "has no effect without TLS; write " + std::string{secure} + ":// in the url");
    }
  }
  if (config.cert_file.empty() != config.key_file.empty()) {
    section.fail(config.cert_file.empty() ? "key_file" : "cert_file", "cert_file and key_file are needed together");
  }
}

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

StoreConfig read_store(const Entry& entry, Findings& findings) {
  StoreConfig store;
  store.name = entry.name;
  Section section{entry.value, entry.place, "store." + entry.name, findings};
  section.require("url", "url = \"sqlite:///path/outbox.db\" or \"postgresql://host/database\"");
  std::string scheme;
  if (std::string url; section.read_secret("url", url)) {
    scheme = check_url(section, url, store_schemes, {});
    store.url = Secret{std::move(url)};
  }
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

BrokerConfig read_broker(const Entry& entry, Findings& findings) {
  BrokerConfig broker;
  broker.name = entry.name;
  Section section{entry.value, entry.place, "broker." + entry.name, findings};
  section.require("url", "url = \"amqp://user:password@host\"");
  std::string scheme;
  if (std::string url; section.read_secret("url", url)) {
    scheme = check_url(section, url, broker_schemes, later_brokers);
    broker.url = Secret{std::move(url)};
  }
  section.read_duration("heartbeat", broker.heartbeat, 1s, 1h);
  section.read_secret("management_url", broker.management_url);
  read_tls(section, broker, scheme != "amqp", "amqps");
  section.finish();
  return broker;
}

template <class Config>
std::vector<Config> read_named(const Entry& root, Findings& findings, Config (*read)(const Entry&, Findings&)) {
  std::vector<Config> configs;
  if (root.value.kind != Value::Kind::table) {
    findings.add(root.place, "'" + root.name + "' needs a name: write [" + root.name + ".NAME]");
    return configs;
  }
  for (const auto& entry : root.value.entries) {
    if (entry.value.kind != Value::Kind::table) {
      findings.add(entry.place, "'" + entry.name + "' stands directly in [" + root.name +
                                    "], which needs a name: write [" + root.name + ".NAME]");
      continue;
    }
    if (!is_name(entry.name)) {
      findings.add(entry.place, "the name of a " + root.name + " has 1 to 64 letters, digits, '_' or '-'");
    }
    configs.push_back(read(entry, findings));
  }
  return configs;
}

}  // namespace

std::vector<StoreConfig> read_stores(const Entry& root, Findings& findings) {
  return read_named<StoreConfig>(root, findings, read_store);
}

std::vector<BrokerConfig> read_brokers(const Entry& root, Findings& findings) {
  return read_named<BrokerConfig>(root, findings, read_broker);
}

}  // namespace waybill::config
