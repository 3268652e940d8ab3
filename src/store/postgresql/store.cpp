#include "store/postgresql/store.hpp"

#include "store/postgresql/advisory.hpp"
#include "store/postgresql/lane.hpp"
#include "store/postgresql/preflight.hpp"
#include "store/registry.hpp"
#include "store/retention.hpp"

namespace waybill::postgresql {
namespace {

constexpr Duration connect_patience = std::chrono::seconds{5};
constexpr auto application_prefix = "waybill relay ";

}  // namespace

Result<Connection*> PostgresStore::connection() {
  if (connection_ != nullptr && connection_->alive() && !connection_->in_transaction()) return connection_.get();
  auto opened = Connection::open(config_.url, "waybill", Deadline::after(connect_patience));
  if (!opened) return opened.error();
  connection_ = *std::move(opened);
  auto set = connection_->run(
      "SET synchronous_commit = on; SET TimeZone = 'UTC'; SET statement_timeout = 0; "
      "SET lock_timeout = '5s'; SET search_path = pg_catalog",
      "can't begin a session");
  if (!set) return set.error();
  return connection_.get();
}

Result<std::unique_ptr<store::Lane>> PostgresStore::acquire(std::uint32_t lane, const std::string& holder) {
  const auto application = application_prefix + holder + " lane " + std::to_string(lane);
  auto opened = Connection::open(config_.url, application, Deadline::after(connect_patience));
  if (!opened) return opened.error();
  auto& connection = **opened;
  if (auto fit = check_server(connection, config_.name); !fit) return fit.error();
  auto facts = schema_facts(connection);
  if (!facts) return facts.error();
  if (auto current = require_current(facts->state, config_.name); !current) return current.error();
  auto cluster = cluster_of(connection);
  if (!cluster) return cluster.error();
  if (*cluster != facts->cluster) {
    return Error{
        ErrorCode::moved_store,
        "store '" + config_.name +
            "': the tables were copied from another server, where transaction numbers mean something else; make "
            "sure that no relay works on the original any more, then run `waybill migrate --restamp`"};
  }
  if (lane >= facts->lanes) {
    return Error{ErrorCode::not_found, "store '" + config_.name + "' has no lane " + std::to_string(lane)};
  }
  auto taken =
      std::make_unique<PostgresLane>(*std::move(opened), LaneSettings{lane, facts->lanes, holder, config_.max_payload});
  if (auto ready = taken->take(); !ready) return ready.error();
  return std::unique_ptr<store::Lane>{std::move(taken)};
}

Result<std::vector<store::LaneHolder>> lane_holders(Connection& connection, std::uint32_t lanes) {
  auto rows = connection.run(
      "SELECT l.objid::bigint, coalesce(a.application_name, '') FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid "
      "= l.pid "
      "WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = "
      "current_database()) AND l.objsubid = 2 AND l.classid::bigint = " +
          std::to_string(advisory_class),
      "can't read who holds the lanes");
  if (!rows) return rows.error();
  std::vector<store::LaneHolder> holders;
  for (std::uint32_t lane = 0; lane < lanes; ++lane) holders.push_back({lane, {}});
  for (int i = 0; i < rows->count(); ++i) {
    const auto lane = static_cast<std::uint64_t>(rows->number(i, 0));
    auto name = rows->text(i, 1);
    if (lane >= holders.size()) continue;
    if (name.starts_with(application_prefix)) name.erase(0, std::string_view{application_prefix}.size());
    holders[lane].holder = name.substr(0, name.find(" lane "));
    if (holders[lane].holder.empty()) holders[lane].holder = "another session";
  }
  return holders;
}

Result<std::vector<Position>> all_positions(Connection& connection, std::uint32_t lanes) {
  std::vector<Position> positions;
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    auto position = newest_position(connection, lane);
    if (!position) return position.error();
    positions.push_back(std::move(*position).value_or(Position{}));
  }
  return positions;
}

std::int64_t clock_now(const Position& position) { return position.clock_ms + (position.clean ? 0 : position.age_ms); }

Result<std::vector<store::LaneHolder>> PostgresStore::holders() {
  return with_connection([](Connection& connection) -> Result<std::vector<store::LaneHolder>> {
    auto facts = schema_facts(connection);
    if (!facts) return facts.error();
    return lane_holders(connection, facts->lanes);
  });
}

Status PostgresStore::report(const store::RelayReport& report) {
  return with_connection([&](Connection& connection) -> Status {
    static const Statement statement{"report",
                                     "INSERT INTO waybill.relay_report (relay, json) VALUES ($1, $2) ON CONFLICT "
                                     "(relay) DO UPDATE SET json = excluded.json, at = clock_timestamp()"};
    constexpr auto doing = "can't store the relay's report";
    Parameters parameters;
    parameters.add(report.relay).add(report.json);
    if (auto done = connection.run(statement, parameters, Format::text, doing); !done) return done.error();
    if (++reports_written_ % 600 != 1) return {};
    const auto before = "clock_timestamp() - interval '" + std::to_string(store::days_kept) + " days'";
    auto tidied = connection.run(
        "DELETE FROM waybill.relay_report WHERE at < clock_timestamp() - interval '1 day' OR relay IN (SELECT relay "
        "FROM waybill.relay_report ORDER BY at DESC OFFSET " +
            std::to_string(store::reports_kept) +
            "); "
            "DELETE FROM waybill.retry WHERE seq IN (SELECT seq FROM waybill.retry WHERE state = 'dropped' AND "
            "changed_at < " +
            before +
            " LIMIT 1000); "
            "DELETE FROM waybill.attempt WHERE n IN (SELECT n FROM waybill.attempt a WHERE at < " +
            before + " AND NOT EXISTS (SELECT FROM waybill.retry r WHERE r.id = a.id) LIMIT 10000)",
        doing);
    if (!tidied) return tidied.error();
    return {};
  });
}

Result<std::vector<store::RelayReport>> PostgresStore::reports() {
  return with_connection([](Connection& connection) -> Result<std::vector<store::RelayReport>> {
    auto rows = connection.run(
        "SELECT relay, json, (extract(epoch FROM clock_timestamp() - at) * 1000)::bigint FROM "
        "waybill.relay_report ORDER BY relay",
        "can't read the relays' reports");
    if (!rows) return rows.error();
    std::vector<store::RelayReport> reports;
    for (int i = 0; i < rows->count(); ++i) reports.push_back({rows->text(i, 0), rows->text(i, 1), rows->number(i, 2)});
    return reports;
  });
}

}  // namespace waybill::postgresql

namespace waybill::store {

Result<std::unique_ptr<Store>> open_postgresql_store(const StoreConfig& config) {
  return std::unique_ptr<Store>{std::make_unique<postgresql::PostgresStore>(config)};
}

}  // namespace waybill::store
