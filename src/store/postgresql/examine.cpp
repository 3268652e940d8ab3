#include <chrono>
#include <cmath>

#include "core/open_way.hpp"
#include "core/url.hpp"
#include "store/postgresql/preflight.hpp"
#include "store/postgresql/store.hpp"

namespace waybill::postgresql {
namespace {

using Severity = Finding::Severity;

class Examination {
 public:
  Examination(Connection& connection, std::string store) : connection_(connection), store_(std::move(store)) {}

  void add(const char* code, Severity severity, std::string text, std::string remedy = {}) {
    findings_.push_back({code, severity, "store '" + store_ + "'", std::move(text), std::move(remedy)});
  }
  void check(const char* code, bool good, Severity otherwise, const std::string& fine, std::string bad,
             std::string remedy) {
    good ? add(code, Severity::ok, fine) : add(code, otherwise, std::move(bad), std::move(remedy));
  }
  /// One value of the server; empty when it can't be read.
  std::string ask(const std::string& sql) {
    auto rows = connection_.run("SELECT (" + sql + ")::text", "can't examine the server");
    return rows && !rows->empty() ? rows->text(0, 0) : std::string{};
  }
  std::string setting(const std::string& name) { return ask("SELECT current_setting('" + name + "', true)"); }

  Connection& server() { return connection_; }
  std::vector<Finding> take() { return std::move(findings_); }

 private:
  Connection& connection_;
  std::string store_;
  std::vector<Finding> findings_;
};

void examine_durability(Examination& e) {
  e.check("WB-D101", e.setting("fsync") == "on", Severity::critical, "fsync is on",
          "fsync is off: a crash of the server's host can lose or damage committed messages", "set fsync = on");
  e.check("WB-D102", e.setting("full_page_writes") == "on", Severity::critical, "full_page_writes is on",
          "full_page_writes is off: a power cut can damage pages beyond repair",
          "set full_page_writes = on, unless the file system writes 8 KiB atomically");
  const auto commit = e.ask("SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit'");
  e.check(
      "WB-D103", commit != "off", Severity::warning, "commits are synchronous by default (" + commit + ")",
      "synchronous_commit is off by default: a crash of the server can take back what a service was told is committed. "
      "Waybill publishes such a message only when its commit is flushed, so nothing taken back is ever published",
      "set synchronous_commit = on for the services that send");
  const auto standbys = e.setting("synchronous_standby_names");
  e.check("WB-D104", !standbys.empty(), Severity::info, "synchronous standbys: " + standbys,
          "no synchronous standby: a failover to a standby can lose the last commits, some of them already published",
          "set synchronous_standby_names where a failover must lose nothing");
  const auto persistence = e.ask(
      "SELECT string_agg(relname, ', ') FROM pg_class WHERE relpersistence = 'u' AND relnamespace = "
      "to_regnamespace('waybill')");
  e.check("WB-D105", persistence.empty(), Severity::critical, "all of Waybill's tables are logged",
          "unlogged tables, emptied by every crash: " + persistence, "ALTER TABLE ... SET LOGGED");
}

void examine_place(Examination& e) {
  const int version = PQserverVersion(e.server().handle());
  e.check("WB-D106", version >= 130000, Severity::critical, "PostgreSQL " + e.setting("server_version"),
          "PostgreSQL " + e.setting("server_version") + " is too old", "upgrade to PostgreSQL 13 or later");
  auto pooled = behind_pooler(e.server());
  e.check("WB-D107", pooled && !*pooled, Severity::critical, "the URL leads to the server itself",
          "the URL leads to a connection pooler: a relay can't hold a lane through it",
          "give the relay the server's own address; services may go through the pooler");
  e.check("WB-D108", e.ask("SELECT pg_is_in_recovery()") != "true", Severity::critical, "the server is a primary",
          "the server is a standby: it shows commits in another order and accepts no writes",
          "give the primary's address");
}

void examine_schema(Examination& e, const SchemaFacts& facts, const std::string& store) {
  const auto current = require_current(facts.state, store);
  e.check("WB-D109", current.ok(), Severity::critical,
          "Waybill's tables are there, for " + std::to_string(facts.lanes) + " lane(s)",
          current ? "" : current.error().message(), "run `waybill migrate`");
  if (!current) return;
  auto cluster = cluster_of(e.server());
  e.check("WB-D110", cluster && *cluster == facts.cluster, Severity::critical, "the tables were made in this cluster",
          "the tables were copied from another cluster, where transaction numbers mean something else",
          "stop every relay of the original, then run `waybill migrate --restamp`");
  const auto owner = e.ask(
      "SELECT bool_and(pg_has_role(relowner, 'MEMBER')) FROM pg_class WHERE relnamespace = "
      "to_regnamespace('waybill') AND relkind IN ('r', 'p')");
  e.check("WB-D111", owner == "true", Severity::critical, "the role may do all that a relay needs",
          "the role does not own Waybill's tables: a relay could not free partitions",
          "GRANT the owner's role to the relay's");
  const auto published =
      e.ask("SELECT string_agg(pubname, ', ') FROM pg_publication_tables WHERE schemaname = 'waybill'");
  e.check("WB-D112", published.empty(), Severity::warning, "no publication replicates Waybill's tables",
          "a publication replicates Waybill's tables (" + published + "): freeing a partition is replicated too",
          "leave the schema waybill out of the publication");
  const auto cache =
      e.ask("SELECT cache_size FROM pg_sequences WHERE schemaname = 'waybill' AND sequencename = 'outbox_seq'");
  e.check("WB-D113", cache == "1", Severity::critical, "waybill.outbox_seq has CACHE 1",
          "waybill.outbox_seq has CACHE " + cache + ": messages would be passed over and lost",
          "ALTER SEQUENCE waybill.outbox_seq CACHE 1");
}

void examine_load(Examination& e) {
  const auto prepared = e.setting("max_prepared_transactions");
  e.check("WB-D114", prepared == "0", Severity::info,
          "prepared transactions are off: an idle relay sleeps until it is woken",
          "max_prepared_transactions is " + prepared +
              ": an idle relay looks for messages every 20 ms instead of sleeping, since "
              "a wake-up can't be part of a prepared transaction",
          "set max_prepared_transactions = 0 if nothing uses them");
  const auto oldest = e.ask(
      "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::bigint FROM "
      "pg_stat_activity WHERE backend_xid IS NOT NULL OR backend_xmin IS NOT NULL");
  e.check("WB-D115", std::strtoll(oldest.c_str(), nullptr, 10) <= 3600, Severity::warning,
          "no transaction is older than an hour",
          "a transaction has been open for " + oldest +
              " s: the outbox does not suffer, but the database's other tables bloat",
          "find it in pg_stat_activity and end it");
  const auto forgotten =
      e.ask("SELECT count(*) FROM pg_prepared_xacts WHERE prepared < clock_timestamp() - interval '1 hour'");
  e.check("WB-D116", forgotten == "0" || forgotten.empty(), Severity::warning,
          "no prepared transaction is older than an hour",
          forgotten + " prepared transaction(s) older than an hour: their messages wait until they are committed",
          "COMMIT PREPARED or ROLLBACK PREPARED what pg_prepared_xacts shows");
  const auto ours = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto theirs = std::strtod(e.ask("SELECT extract(epoch FROM clock_timestamp())").c_str(), nullptr);
  const auto apart = std::abs(ours - theirs);
  e.check("WB-D117", apart < 2, Severity::warning, "this host's clock and the server's agree",
          "this host's clock and the server's are " + std::to_string(static_cast<long long>(apart)) +
              " s apart: nothing is decided by them, but ages shown are wrong",
          "let NTP set both clocks");
}

void examine_transport(Examination& e, const Secret& address) {
  const auto url = parse_url(address.reveal());
  if (!url) return;
  const auto named = url->query.find("host");
  const auto& host = named == url->query.end() ? url->host : named->second;
  if (stays_on_this_host(host) || host.starts_with('/')) return;
  const auto mode = url->query.find("sslmode");
  const bool checks = mode != url->query.end() && mode->second.starts_with("verify-");
  const bool encrypted = e.ask("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "true";
  e.check("WB-D118", encrypted && checks, Severity::warning,
          "the connection is encrypted, and the server's certificate checked",
          encrypted ? "the server's certificate is not checked: who stands between can pose as the server" : open_way,
          "write ?sslmode=verify-full&sslrootcert=FILE in the url");
}

}  // namespace

Result<std::vector<Finding>> PostgresStore::examine() {
  return with_connection([this](Connection& connection) -> Result<std::vector<Finding>> {
    auto facts = schema_facts(connection);
    if (!facts) return facts.error();
    Examination examination{connection, config_.name};
    examine_place(examination);
    examine_durability(examination);
    examine_schema(examination, *facts, config_.name);
    examine_load(examination);
    examine_transport(examination, config_.url);
    return examination.take();
  });
}

}  // namespace waybill::postgresql
