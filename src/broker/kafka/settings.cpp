#include "broker/kafka/settings.hpp"

#include <array>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "broker/kafka/refused_property.hpp"
#include "core/text.hpp"
#include "core/url.hpp"

namespace waybill::broker::kafka {
namespace {

constexpr const char* default_port = "9092";
/// Other names of properties, which the library takes but doesn't list.
constexpr std::string_view aliases[] = {"compression.type", "linger.ms", "sasl.mechanism", "max.in.flight"};

/// Collects settings; the first that the library refuses is the error.
class Builder {
 public:
  Builder() : handle_(rd_kafka_conf_new()) {
    // The library would write to stderr; what it has to say comes as events.
    rd_kafka_conf_set_log_cb(handle_.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  }

  void set(const std::string& name, const std::string& value) {
    std::array<char, 512> why{};
    const auto result = rd_kafka_conf_set(handle_.get(), name.c_str(), value.c_str(), why.data(), why.size());
    if (result != RD_KAFKA_CONF_OK && fault_.empty()) fault_ = fault_of(name, result, why.data());
  }
  void set_unless_empty(const std::string& name, const std::string& value) {
    if (!value.empty()) set(name, value);
  }
  Result<SettingsHandle> finish(const std::string& where) {
    if (!fault_.empty()) return Error(ErrorCode::invalid_configuration, where + ": " + fault_);
    return std::move(handle_);
  }

 private:
  // The library's own words repeat the value, which may be a password.
  std::string fault_of(const std::string& name, rd_kafka_conf_res_t result, const char* why) const {
    if (result != RD_KAFKA_CONF_UNKNOWN) {
      const bool is_secret = name.find("password") != std::string::npos || name.find("secret") != std::string::npos ||
                             name.find("key") != std::string::npos;
      return "librdkafka does not take the value of '" + name + "'" + (is_secret ? "" : std::string(": ") + why);
    }
    const auto guess = nearest_known(name);
    return "librdkafka has no property '" + name + "'" + (guess ? " (did you mean '" + *guess + "'?)" : "");
  }

  std::optional<std::string> nearest_known(const std::string& name) const {
    std::size_t count = 0;
    const char** pairs = rd_kafka_conf_dump(handle_.get(), &count);
    std::vector<std::string_view> names(std::begin(aliases), std::end(aliases));
    for (std::size_t i = 0; i + 1 < count; i += 2) names.emplace_back(pairs[i]);
    auto found = nearest(name, names);
    rd_kafka_conf_dump_free(pairs, count);
    return found;
  }

  SettingsHandle handle_;
  std::string fault_;
};

Result<Url> checked_url(const BrokerConfig& config) {
  auto url = parse_url(config.url.reveal());
  if (!url) return std::move(url).error();
  const std::string where = "broker URL '" + config.url.masked() + "'";
  if (url->scheme != "kafka" && url->scheme != "kafkas") {
    return Error(ErrorCode::invalid_configuration, where + ": expected kafka:// or kafkas://");
  }
  if (url->path.size() > 1) {
    return Error(ErrorCode::invalid_configuration,
                 where + ": a path has no meaning for Kafka; the topic is the route's exchange");
  }
  return url;
}

// The URL keeps a list of hosts as one text, with the last one's port apart.
std::string servers_of(const Url& url) {
  const std::string host = url.host.empty() ? "localhost" : url.host;
  const bool v6 = host.find(':') != std::string::npos && host.find(',') == std::string::npos;
  const std::string port = url.port == 0 ? default_port : std::to_string(url.port);
  return (v6 ? "[" + host + "]" : host) + ":" + port;
}

void add_connection(Builder& builder, const Url& url, const BrokerConfig& config) {
  const bool tls = url.scheme == "kafkas";
  const bool login = !url.user.empty();
  builder.set("bootstrap.servers", servers_of(url));
  builder.set("client.id", "waybill");
  builder.set("security.protocol", tls ? (login ? "sasl_ssl" : "ssl") : (login ? "sasl_plaintext" : "plaintext"));
  if (login) {
    builder.set("sasl.mechanisms", "PLAIN");
    builder.set("sasl.username", url.user);
    builder.set("sasl.password", url.password);
  }
  builder.set_unless_empty("ssl.ca.location", config.ca_file);
  builder.set_unless_empty("ssl.certificate.location", config.cert_file);
  builder.set_unless_empty("ssl.key.location", config.key_file);
  if (config.insecure) builder.set("enable.ssl.certificate.verification", "false");
  builder.set("socket.keepalive.enable", "true");
  builder.set("socket.nagle.disable", "true");
  builder.set("socket.connection.setup.timeout.ms", "5000");
  builder.set("reconnect.backoff.max.ms", "2000");
  builder.set("log.connection.close", "false");
}

// Settings of one kind of client mean nothing to the other, and the library says so on stderr only.
enum class Kind { producer, consumer, inquirer };

Result<Builder> begin(const BrokerConfig& config, Kind kind) {
  auto url = checked_url(config);
  if (!url) return std::move(url).error();
  Builder builder;
  add_connection(builder, *url, config);
  if (kind == Kind::producer) {
    // Infinite: whoever gives a message up while the library may still send it makes a duplicate.
    builder.set("message.timeout.ms", "0");
    builder.set("message.max.bytes", std::to_string(largest_message));
    // Without it the first message of a burst leaves alone, and the library spins until its answer is there.
    builder.set("linger.ms", "1");
    // As Java's client does it, so that services in any language find a key in the same partition.
    builder.set("partitioner", "murmur2_random");
    builder.set("topic.metadata.propagation.max.ms", "1000");
  } else if (kind == Kind::consumer) {
    // When a member dies the whole group waits for this long; the library's 45 s is for pauses that C++ does not make.
    builder.set("session.timeout.ms", "10000");
    builder.set("auto.offset.reset", "earliest");
    // A consumer that is behind must not hold a hundred thousand messages.
    builder.set("queued.min.messages", "1000");
    builder.set("queued.max.messages.kbytes", "16384");
  }
  return builder;
}

/// What all kinds begin with, then the user's properties, then what `need` sets in spite of them. `where` begins
/// errors.
template <class Need>
Result<SettingsHandle> build(const BrokerConfig& config, Kind kind, const std::string& where, const Need& need) {
  auto builder = begin(config, kind);
  if (!builder) return std::move(builder).error();
  for (const Property& property : config.properties) {
    if (const auto reason = reason_to_refuse(property.name, property.value.reveal())) {
      return Error(ErrorCode::invalid_configuration, where + ": '" + property.name + "' is refused: " + *reason);
    }
    builder->set(property.name, property.value.reveal());
  }
  need(*builder);
  return builder->finish(where);
}

std::string section_of(const BrokerConfig& config) { return "broker." + config.name + ".properties"; }

}  // namespace

Result<std::string> servers_of(const BrokerConfig& config) {
  auto url = checked_url(config);
  if (!url) return std::move(url).error();
  return servers_of(*url);
}

Result<SettingsHandle> producer_settings(const BrokerConfig& config) {
  return build(config, Kind::producer, section_of(config), [](Builder& builder) {
    builder.set("acks", "all");
    builder.set("enable.idempotence", "true");
  });
}

Result<SettingsHandle> inquirer_settings(const BrokerConfig& config) {
  return build(config, Kind::inquirer, section_of(config), [](Builder&) {});
}

Result<SettingsHandle> consumer_settings(const BrokerConfig& config, const std::string& group) {
  return build(config, Kind::consumer, "consumer: properties", [&group](Builder& builder) {
    builder.set("group.id", group);
    builder.set("enable.auto.commit", "false");
    builder.set("enable.auto.offset.store", "false");
  });
}

}  // namespace waybill::broker::kafka
