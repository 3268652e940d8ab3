// What the promises rest on, for `waybill doctor`.

#include "core/open_way.hpp"
#include "core/url.hpp"
#include "store/redis/store.hpp"

namespace waybill::redis {
namespace {

using Severity = Finding::Severity;

class Examination {
 public:
  explicit Examination(const StoreConfig& config) : config_(config) {}

  Status look(std::uint32_t lane, Connection& connection) {
    subject_ = config_.name + (lane == 0 ? "" : ", lane " + std::to_string(lane));
    auto info = connection.run({"INFO"}, "can't read the server's state");
    if (!info) return info.error();
    info_ = (*info)->text();
    const auto file = setting(connection, "appendonly");
    if (!file) {
      add("WB-D509", Severity::warning, "the user may not read the server's settings: their promises are unknown",
          "give the user +config|get, or check appendonly, appendfsync and maxmemory-policy by hand");
    } else {
      check_persistence(*file, setting(connection, "appendfsync").value_or(""),
                        setting(connection, "save").value_or(""));
      check_memory(setting(connection, "maxmemory-policy").value_or(""),
                   setting(connection, "maxmemory").value_or("0"));
    }
    check_replication();
    add("WB-D507", Severity::info, "server " + value("redis_version"), "");
    return check_other_lanes(lane, connection);
  }
  std::vector<Finding> take() { return std::move(findings_); }

 private:
  void add(const char* code, Severity severity, const std::string& text, const std::string& remedy) {
    findings_.push_back({code, severity, subject_, text, remedy});
  }

  /// The value of a line `name:value` of INFO.
  std::string value(const std::string& name) const {
    const auto at = info_.find("\n" + name + ":");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 2;
    return info_.substr(from, info_.find_first_of("\r\n", from) - from);
  }

  static std::optional<std::string> setting(Connection& connection, const std::string& name) {
    auto answer = connection.run({"CONFIG", "GET", name}, "");
    if (!answer || (*answer)->size() < 2) return std::nullopt;
    return (**answer)[1].text();
  }

  void check_persistence(const std::string& file, const std::string& sync, const std::string& save) {
    if (file != "yes") {
      return add("WB-D501", Severity::critical,
                 save.empty() ? "appendonly=no and no snapshots: a restart of the server loses every message"
                              : "appendonly=no: a crash of the server loses all messages since its last snapshot",
                 "set appendonly yes");
    }
    if (value("aof_last_write_status") == "err") {
      add("WB-D502", Severity::critical, "the server can't write its append-only file", "see its log; free disk space");
    }
    if (sync == "always") {
      return add("WB-D503", Severity::ok, "appendfsync=always: what is answered is on the disk", "");
    }
    add("WB-D503", Severity::warning,
        sync == "no"
            ? "appendfsync=no: a power cut loses whatever the system has not written yet, half a minute perhaps"
            : "appendfsync=" + sync + ": a power cut loses about the last second of messages",
        "set appendfsync always where a message must survive a power cut");
  }

  void check_memory(const std::string& policy, const std::string& limit) {
    if (policy != "noeviction") {
      return add("WB-D504", Severity::critical,
                 "maxmemory-policy=" + policy + ": the server may throw messages away when memory runs short",
                 "set maxmemory-policy noeviction");
    }
    add("WB-D504", Severity::ok,
        limit == "0" ? "noeviction, and no maxmemory: messages are never thrown away; the machine's memory is the limit"
                     : "noeviction: with maxmemory reached, senders get an error and nothing is thrown away",
        "");
  }

  void check_replication() {
    if (value("role") != "master") {
      return add("WB-D505", Severity::critical, "this is a replica: it takes no writes", "connect to the primary");
    }
    const auto replicas = value("connected_slaves");
    const auto wanted = std::to_string(config_.replicas);
    if (replicas == "0" && config_.replicas == 0) {
      return add("WB-D506", Severity::ok, "no replicas: there is no failover that could lose messages", "");
    }
    if (std::stoul("0" + replicas) < config_.replicas) {
      return add(
          "WB-D506", Severity::critical,
          "replicas = " + wanted + ", and " + replicas + " are connected: nothing is sent until there are enough",
          "start the missing replicas, or lower replicas");
    }
    if (config_.replicas == 0) {
      return add(
          "WB-D506", Severity::warning,
          replicas + " replicas, and nobody waits for them: a failover loses what had not reached the new primary",
          "set replicas = " + replicas + " for the store");
    }
    add("WB-D506", Severity::ok,
        "each step waits until " + wanted +
            " replicas have received it (in memory); a failover to another one can lose it",
        "");
  }

  Status check_other_lanes(std::uint32_t lane, Connection& connection) {
    if (lane != 0) return {};
    auto stored = connection.run({"HGET", key_of(0, "lane"), "lanes"}, "can't read how many lanes there are");
    if (!stored) return stored.error();
    for (auto other = static_cast<std::uint32_t>((*stored)->number()); other < 16; ++other) {
      // In a cluster the key may be on another node: then there is nothing to be seen from here.
      auto exists = connection.run({"EXISTS", stream_of(other)}, "");
      if (!exists || (*exists)->number() == 0) continue;
      add("WB-D508", Severity::critical,
          "there are entries in " + stream_of(other) + ", which is no lane of this store: nobody sends them",
          "raise lanes to " + std::to_string(other + 1) + " and run `waybill migrate`, or correct the program");
    }
    return {};
  }

  const StoreConfig& config_;
  std::string subject_;
  std::string info_;
  std::vector<Finding> findings_;
};

}  // namespace

Result<std::vector<Finding>> RedisStore::examine() {
  Examination examination{config_};
  auto looked =
      for_each_lane([&](std::uint32_t lane, Connection& connection) { return examination.look(lane, connection); });
  if (!looked) return looked.error();
  auto findings = examination.take();
  if (config_.insecure) {
    findings.push_back({"WB-D510", Severity::warning, config_.name,
                        "insecure = true: anybody between here and the server can pose as it", "set ca_file instead"});
  }
  const auto url = parse_url(config_.url.reveal());
  if (url && url->scheme == "redis" && !stays_on_this_host(url->host)) {
    findings.push_back({"WB-D510", Severity::warning, config_.name, open_way, "use rediss:// with ca_file"});
  }
  return findings;
}

}  // namespace waybill::redis
