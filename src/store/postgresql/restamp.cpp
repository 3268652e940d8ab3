#include <algorithm>

#include "store/postgresql/advisory.hpp"
#include "store/postgresql/outbox_reader.hpp"
#include "store/postgresql/preflight.hpp"
#include "store/postgresql/store.hpp"

namespace waybill::postgresql {
namespace {

constexpr auto doing = "can't restamp the store";

/// Held until the transaction ends: no relay may work meanwhile.
Status lock_lanes(Connection& connection, std::uint32_t lanes, const std::string& store) {
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    auto locked = connection.run(
        "SELECT pg_try_advisory_xact_lock(" + std::to_string(advisory_class) + ", " + std::to_string(lane) + ")",
        doing);
    if (!locked) return locked.error();
    if (!locked->flag(0, 0)) {
      return Error{ErrorCode::busy,
                   "store '" + store + "': a relay holds lane " + std::to_string(lane) + "; stop it first"};
    }
  }
  return {};
}

/// Sequences are not part of logical replication: here numbers may have begun again below what lanes have passed. Those
/// messages get new numbers.
Status repair_sequence(Connection& connection, const std::vector<Position>& positions) {
  Seq passed = 0;
  for (const auto& position : positions) passed = std::max({passed, position.progress.max_seq, position.claimed});
  auto drawn = connection.run("SELECT last_value FROM waybill.outbox_seq", doing);
  if (!drawn) return drawn.error();
  const auto last_drawn = drawn->number(0, 0);
  Parameters parameters;
  parameters.add(passed);
  auto set = connection.run(
      "SELECT setval('waybill.outbox_seq', greatest($1::bigint, (SELECT last_value FROM "
      "waybill.outbox_seq), (SELECT max(seq) FROM waybill.outbox), (SELECT max(seq) FROM waybill.retry)))",
      parameters, doing);
  if (!set) return set.error();
  Seq reached = 0;
  for (const auto& position : positions) reached = std::max(reached, position.progress.max_seq);
  if (last_drawn >= reached) return {};
  Parameters below;
  below.add(last_drawn);
  auto moved = connection.run(
      "UPDATE waybill.outbox SET seq = nextval('waybill.outbox_seq'), xid = pg_current_xact_id() WHERE "
      "seq <= $1::bigint",
      below, doing);
  if (!moved) return moved.error();
  return {};
}

/// Transactions that were open in the old cluster have either come along as committed rows, or not at all.
Status add_late(Connection& connection, Position& position, std::uint32_t lane, std::uint32_t lanes) {
  std::string late;
  for (const auto& [xids, bound] : position.progress.pending) {
    late += (late.empty() ? "" : " OR ") + ("(o.xid >= '" + std::to_string(xids.first)) + "' AND o.xid <= '" +
            std::to_string(xids.last) + "' AND o.seq > " + std::to_string(bound) + ")";
  }
  if (late.empty()) return {};
  auto rows =
      connection.run("SELECT o.seq FROM waybill.outbox o WHERE o.seq <= " + std::to_string(position.progress.max_seq) +
                         " AND (" + late + ")" + lane_filter(lane, lanes) + " ORDER BY o.seq",
                     doing);
  if (!rows) return rows.error();
  for (int i = 0; i < rows->count(); ++i) {
    const auto seq = rows->number(i, 0);
    auto& open = position.outstanding;
    if (std::find(open.begin(), open.end(), seq) == open.end()) open.push_back(seq);
  }
  return {};
}

Status restamp_lane(Connection& connection, Position position, std::uint32_t lane, std::uint32_t lanes,
                    Seq last_drawn) {
  if (auto done = add_late(connection, position, lane, lanes); !done) return done;
  position.progress.pending.clear();
  position.progress.next_xid = 0;
  position.flagged = position.claimed = std::max(position.claimed, last_drawn);
  position.holder = "restamp";
  PositionLog log{connection, lane};
  if (auto loaded = log.load(); !loaded) return loaded.error();
  return log.append(position);
}

Result<std::uint64_t> waiting(Connection& connection, std::uint32_t lanes) {
  auto positions = all_positions(connection, lanes);
  if (!positions) return positions.error();
  std::uint64_t count = 0;
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    const auto& position = (*positions)[lane];
    auto rows = connection.run("SELECT count(*) FROM waybill.outbox o WHERE o.seq > " +
                                   std::to_string(position.progress.max_seq) + lane_filter(lane, lanes),
                               doing);
    if (!rows) return rows.error();
    count += static_cast<std::uint64_t>(rows->number(0, 0)) + position.outstanding.size();
  }
  return count;
}

Result<std::uint64_t> restamp_all(Connection& connection, const SchemaFacts& facts, const std::string& store) {
  if (auto locked = lock_lanes(connection, facts.lanes, store); !locked) return locked.error();
  if (auto locked = connection.run("LOCK TABLE waybill.outbox IN EXCLUSIVE MODE", doing); !locked)
    return locked.error();
  auto positions = all_positions(connection, facts.lanes);
  if (!positions) return positions.error();
  if (auto repaired = repair_sequence(connection, *positions); !repaired) return repaired.error();
  auto drawn = connection.run("SELECT last_value FROM waybill.outbox_seq", doing);
  if (!drawn) return drawn.error();
  for (std::uint32_t lane = 0; lane < facts.lanes; ++lane) {
    auto done = restamp_lane(connection, (*positions)[lane], lane, facts.lanes, drawn->number(0, 0));
    if (!done) return done.error();
  }
  auto cluster = cluster_of(connection);
  if (!cluster) return cluster.error();
  Parameters parameters;
  parameters.add(*cluster);
  // The original may have sent any of these after it was copied.
  auto flagged =
      connection.run("UPDATE waybill.retry SET handed_out = true WHERE state = 'sending' AND NOT handed_out", doing);
  if (!flagged) return flagged.error();
  flagged = connection.run("UPDATE waybill.parked SET claimed = true WHERE NOT claimed", doing);
  if (!flagged) return flagged.error();
  auto stamped = connection.run("UPDATE waybill.meta SET value = $1 WHERE name = 'cluster'", parameters, doing);
  if (!stamped) return stamped.error();
  return waiting(connection, facts.lanes);
}

}  // namespace

Result<std::uint64_t> PostgresStore::restamp() {
  return with_connection([this](Connection& connection) -> Result<std::uint64_t> {
    if (auto fit = check_server(connection, config_.name); !fit) return fit.error();
    auto facts = schema_facts(connection);
    if (!facts) return facts.error();
    if (auto current = require_current(facts->state, config_.name); !current) return current.error();
    const auto limit = connection.time_limit();
    connection.set_time_limit(std::chrono::minutes{10});
    auto transaction = Transaction::begin(connection, doing);
    if (!transaction) return transaction.error();
    auto count = restamp_all(connection, *facts, config_.name);
    if (!count) return count;
    if (auto done = transaction->commit(doing); !done) return done.error();
    connection.set_time_limit(limit);
    return count;
  });
}

}  // namespace waybill::postgresql
