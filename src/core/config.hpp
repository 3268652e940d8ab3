#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/decoder_config.hpp"
#include "core/http_config.hpp"
#include "core/property.hpp"
#include "core/secret.hpp"
#include "core/time.hpp"
#include "core/traces_config.hpp"
#include "waybill/result.h"

namespace waybill {

enum class OnNack { resend, drop, fail };
enum class OnUnroutable { resend, drop, fail };
enum class Order { none, key };
enum class OnFailedKey { park, skip, stop };
enum class Format { plain, cloudevents, debezium };

/// As the configuration file writes them.
std::string_view to_string(OnNack value) noexcept;
std::string_view to_string(OnUnroutable value) noexcept;
std::string_view to_string(Order value) noexcept;
std::string_view to_string(OnFailedKey value) noexcept;
std::string_view to_string(Format value) noexcept;

/// `[store.NAME]`
struct StoreConfig {
  std::string name;
  Secret url;                             ///< with its password; print `masked()` only
  std::uint32_t lanes = 1;                ///< how many relays can share the store; fixed by `waybill migrate`
  std::uint64_t max_payload = 16u << 20;  ///< bytes; a larger message fails before it reaches a socket
  std::uint32_t replicas = 0;  ///< Redis: how many replicas must have received what was written before it counts
  std::string ca_file, cert_file,
      key_file;           ///< PEM files for `rediss://`; empty: the system's CA store, no client certificate
  bool insecure = false;  ///< `rediss://`: skips the check of the certificate; shown by `doctor`
};

/// `[broker.NAME]`
struct BrokerConfig {
  std::string name;
  Secret url;
  std::string ca_file, cert_file,
      key_file;  ///< PEM files for `amqps://`, `kafkas://`, `rocketmqs://`; empty: the system's CA store, none of ours
  bool insecure = false;  ///< skips the check of the certificate; logged and shown wherever the broker is
  Duration heartbeat = std::chrono::seconds{10};
  std::string management_url;        ///< optional: lets `doctor` and `audit` read queue arguments and policies
  std::vector<Property> properties;  ///< Kafka: settings of librdkafka; those that would break a promise are refused
};

/// `[[route]]`
struct RouteConfig {
  std::string topic;  ///< glob; also the route's name
  std::string broker;
  std::string exchange;  ///< Kafka, RocketMQ: the topic there, `{topic}` by default; may hold `{topic}` and `{key}`
  std::string routing_key = "{topic}";  ///< RocketMQ: the tag
  Duration resend_after = std::chrono::seconds{30};
  std::uint32_t max_attempts = 3;
  OnNack on_nack = OnNack::resend;
  OnUnroutable on_unroutable = OnUnroutable::fail;
  Order order = Order::none;
  OnFailedKey on_failed_key = OnFailedKey::park;
  Format format = Format::plain;
  std::string source;            ///< CloudEvents source
  std::string type = "{topic}";  ///< CloudEvents type, or Debezium's eventType
};

/// `[relay]`
struct RelayConfig {
  std::uint32_t window = 1000;                       ///< unconfirmed messages per broker connection
  std::uint32_t unsettled = 4000;                    ///< published and not yet durably settled: the bound of P3
  Duration stop_timeout = std::chrono::seconds{30};  ///< how long SIGTERM waits for open confirms
  Duration stalled_after =
      std::chrono::seconds{10};            ///< no confirm for that long with messages in flight: the route is stalled
  std::uint64_t buffer_bytes = 16u << 20;  ///< fetched and not yet settled payload held in memory
};

/// `[inbox]`
struct InboxConfig {
  std::vector<std::string> shards;  ///< names of PostgreSQL stores that share one inbox; empty: each has its own
};

/// `[sync.NAME]`: a journal in Redis whose entries are applied to an SQL store.
struct SyncConfig {
  struct Apply {
    std::string name;       ///< what an entry's field `apply` says
    std::string statement;  ///< SQL with `:field` for each field of the entry
  };
  struct Compare {
    std::string command;    ///< a Redis command that reads one value: `GET {sale}:stock`
    std::string statement;  ///< SQL that gives what it should be
  };
  std::string name;
  std::string from;     ///< the Redis store
  std::string journal;  ///< the stream's key
  std::string into;     ///< the SQL store
  Duration interval = std::chrono::seconds{1};
  std::uint32_t batch = 500;  ///< entries in one transaction
  std::vector<Apply> applies;
  std::vector<Compare> compares;
};

enum class LogFormat { text, json };
std::string_view to_string(LogFormat value) noexcept;

/// `[log]`: what commands write that run until they are stopped.
struct LogConfig {
  LogFormat format = LogFormat::text;
};

/// The whole of `waybill.toml`.
struct Config {
  std::string file;  ///< where it was read from
  std::vector<StoreConfig> stores;
  std::vector<BrokerConfig> brokers;
  std::vector<RouteConfig> routes;  ///< in file order: the first that matches wins
  RelayConfig relay;
  InboxConfig inbox;
  std::vector<SyncConfig> syncs;
  std::vector<DecoderConfig> decoders;  ///< in file order: the first that matches wins
  HttpConfig http;
  LogConfig log;
  TracesConfig traces;

  const StoreConfig* store(std::string_view name) const;
  const BrokerConfig* broker(std::string_view name) const;
  /// The first route whose glob matches, or null.
  const RouteConfig* route(std::string_view topic) const;
  /// The first decoder one of whose globs matches, or null.
  const DecoderConfig* decoder(std::string_view topic) const;

  /// Whether a relay has what it needs: a broker and a route. A file without them is fit for `send` and `migrate` only.
  Status ready_to_relay() const;
};

/// Every error of one file at once; each has the form `FILE:LINE:COLUMN: what is wrong (did you mean ...?)`.
struct ConfigErrors {
  std::vector<std::string> lines;
  ErrorCode code = ErrorCode::invalid_configuration;
  std::string joined() const;
};

/// Reads and checks a configuration file: unknown keys, types, ranges, references to brokers that do not exist,
/// secrets. Blocks on file input only. Opens no connection.
Result<Config> load_config(const std::string& file);
/// The same on text; `file` is used in messages only. `errors` gets every finding when the result is an error.
Result<Config> parse_config(std::string_view text, const std::string& file, ConfigErrors* errors = nullptr);

}  // namespace waybill
