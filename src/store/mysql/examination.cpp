// What the promises rest on, for `waybill doctor`.

#include "core/open_way.hpp"
#include "core/url.hpp"
#include "store/mysql/schema_version.hpp"
#include "store/mysql/store.hpp"

namespace waybill::mysql {
namespace {

using Severity = Finding::Severity;

class Examination {
 public:
  Examination(std::string subject, std::uint64_t max_payload)
      : subject_(std::move(subject)), max_payload_(max_payload) {}

  Status look(Connection& connection) {
    auto rows = connection.query(
        "SELECT @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog, @@read_only, @@max_allowed_packet, "
        "@@innodb_doublewrite, VERSION()",
        {}, "can't read the server's settings");
    if (!rows) return rows.error();
    check_log(rows->number(0, 0));
    check_binary_log(rows->number(0, 1) != 0, rows->number(0, 2));
    check_writable(rows->number(0, 3) != 0);
    check_packet(static_cast<std::uint64_t>(rows->number(0, 4)));
    check_doublewrite(rows->text(0, 5));
    check_transactions(connection);
    add("WB-D406", Severity::info, "server " + rows->text(0, 6), "");
    return {};
  }
  void check_transport(const Url& url) {
    const auto protection = Connection::protection(url);
    if (protection == Connection::Protection::unchecked) {
      add("WB-D408", Severity::warning, "ssl=unverified: who stands between can pose as the server",
          "write ?ssl_ca=FILE in the url");
    } else if (protection == Connection::Protection::none && !stays_on_this_host(url.host)) {
      add("WB-D408", Severity::warning, open_way, "write ?ssl_ca=FILE in the url");
    }
  }
  std::vector<Finding> take() { return std::move(findings_); }

 private:
  void add(const char* code, Severity severity, const std::string& text, const std::string& remedy) {
    findings_.push_back({code, severity, subject_, text, remedy});
  }

  void check_log(std::int64_t flush) {
    if (flush == 1 || flush == 3) {
      return add(
          "WB-D401", Severity::ok,
          "innodb_flush_log_at_trx_commit=" + std::to_string(flush) + ": a commit is on the disk when it is answered",
          "");
    }
    add("WB-D401", Severity::critical,
        "innodb_flush_log_at_trx_commit=" + std::to_string(flush) +
            ": commits of the last second, orders and messages alike, are lost with a crash of the " +
            (flush == 2 ? "machine" : "server") + ", and a message of such an order may have been published",
        "set innodb_flush_log_at_trx_commit = 1");
  }

  void check_binary_log(bool on, std::int64_t sync) {
    if (!on) return add("WB-D402", Severity::ok, "no binary log is written: there is nothing to fall out of step", "");
    if (sync == 1) return add("WB-D402", Severity::ok, "sync_binlog=1: replicas lose no commit", "");
    add("WB-D402", Severity::warning,
        "sync_binlog=" + std::to_string(sync) +
            ": after a crash the binary log can lack the last commits, and replicas "
            "with it",
        "set sync_binlog = 1");
  }

  void check_writable(bool read_only) {
    if (!read_only) return;
    add("WB-D403", Severity::critical, "read_only is on: this is a replica, or its administrator forbids writing",
        "give the relay the primary's address");
  }

  void check_packet(std::uint64_t largest) {
    // A payload travels from services as text of up to twice its size.
    if (largest >= max_payload_ * 2) return;
    add("WB-D404", Severity::warning,
        "max_allowed_packet is " + std::to_string(largest) + " bytes: a payload of max_payload (" +
            std::to_string(max_payload_) + ") may not fit into a statement",
        "raise max_allowed_packet to twice max_payload, or lower max_payload");
  }

  void check_doublewrite(const std::string& setting) {
    if (setting != "OFF" && setting != "0") return;
    add("WB-D405", Severity::warning, "innodb_doublewrite is off: a page torn by a power cut can't be repaired",
        "turn it on, unless the file system writes pages whole");
  }

  void check_transactions(Connection& connection) {
    if (connection.query("SELECT COUNT(*) FROM information_schema.innodb_trx", {}, "")) return;
    add("WB-D407", Severity::warning,
        "the relay may not see which transactions are open: messages of a key can be published out of the order of "
        "their commits when a transaction with one of them was open for longer than a minute",
        "grant the relay's user PROCESS");
  }

  std::string subject_;
  std::uint64_t max_payload_;
  std::vector<Finding> findings_;
};

}  // namespace

Result<std::vector<Finding>> MysqlStore::examine() {
  return with_connection<std::vector<Finding>>([this](Connection& connection) -> Result<std::vector<Finding>> {
    Examination examination{config_.name, config_.max_payload};
    if (auto looked = examination.look(connection); !looked) return looked.error();
    if (const auto url = parse_url(config_.url.reveal())) examination.check_transport(*url);
    return examination.take();
  });
}

}  // namespace waybill::mysql
